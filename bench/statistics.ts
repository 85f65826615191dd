/** What is made of many samples. Medians and percentiles, never means: one hiccup of the machine must not move a figure. */

/** @param share 0.5 is the median, 0.99 leaves one sample in a hundred above it. Nearest rank, so it is always one of the samples. */
export function percentile(samples: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) throw new Error("Cannot take a percentile: there are no samples");
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] as number;
}

export const median = (samples: ArrayLike<number>): number => percentile(samples, 0.5);

export const mean = (samples: readonly number[]): number =>
  samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
