/** What a run prints, and what it writes for programs to read. */
import { isMet, type Measurement, type Target } from "./figure.ts";

const WHAT_COLUMNS = 46;
const VALUE_COLUMNS = 15;
const TARGET_COLUMNS = 12;

export function printHeading(machine: { executable: string; cores: number; cpu: string }): void {
  console.log(`${machine.executable}, Bun ${Bun.version}, ${machine.cores} cores of ${machine.cpu}`);
  console.log(
    "Client and server share these cores. The bare echo is the same Bun's, under the same client, in the same rounds.\n",
  );
  printRow({ what: "Figure", value: "measured", target: "target", verdict: "" });
}

export function printMeasurement({ what, value, unit, target, note }: Measurement): void {
  printRow({
    what,
    value: withUnit(value, unit),
    target: target === undefined ? "" : targetText(target, unit),
    verdict: [target === undefined ? "" : isMet(rounded(value), target) ? "ok" : "over", note ? `(${note})` : ""].join(
      " ",
    ),
  });
}

export const printSkipped = (figure: string, why: string): void => console.log(`${figure}: skipped, ${why}`);

export const printFailure = (figure: string, error: unknown): void =>
  console.log(`${figure}: failed, ${error instanceof Error ? error.message : String(error)}`);

export const jsonOf = (results: readonly { figure: string; measurements: readonly Measurement[] }[]): string =>
  `${JSON.stringify(
    results.flatMap(({ figure, measurements }) =>
      measurements.map((measurement) => ({
        figure,
        ...measurement,
        ...(measurement.target && { ok: isMet(rounded(measurement.value), measurement.target) }),
      })),
    ),
    null,
    2,
  )}\n`;

function printRow(row: { what: string; value: string; target: string; verdict: string }): void {
  const line = [
    row.what.padEnd(WHAT_COLUMNS),
    row.value.padStart(VALUE_COLUMNS),
    row.target.padStart(TARGET_COLUMNS),
    row.verdict.trim(),
  ];
  console.log(line.join("  ").trimEnd());
}

const targetText = (target: Target, unit: string): string =>
  "max" in target ? `≤ ${withUnit(target.max, unit)}` : `≥ ${withUnit(target.min, unit)}`;

function withUnit(value: number, unit: string): string {
  return `${rounded(value).toFixed(digitsOf(value))} ${unit}`.trim();
}

/** Three digits that count: more of them would only be noise. What is judged is what is shown. */
const rounded = (value: number): number => Number(value.toFixed(digitsOf(value)));

function digitsOf(value: number): number {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return 0;
  return Math.abs(value) >= 10 ? 1 : 2;
}
