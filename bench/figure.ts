/** What a figure is: how it is measured, and how it is judged. */

import type { Echo } from "./echo-process.ts";
import type { Load } from "./load-process.ts";
import type { Server, ServerOptions } from "./server.ts";

export interface Figure {
  /** As `--only` takes it. */
  readonly name: string;
  /** Takes too long for a run without `--full`. */
  readonly fullOnly?: true;
  measure(bench: Bench): Promise<Measurement[]>;
}

/** What a figure measures with. All of it is this figure's own and ends with it. */
export interface Bench {
  readonly full: boolean;
  /** The generator of all HTTP load, for the echo as for Lambent. */
  readonly load: Load;
  /** A bare `Bun.serve` that answers with what it is sent: the yardstick. */
  readonly echo: Echo;
  /** A built executable that serves from an empty data directory. */
  startServer(options?: ServerOptions): Promise<Server>;
}

export interface Measurement {
  readonly what: string;
  readonly value: number;
  /** As printed behind the value; empty for a ratio. */
  readonly unit: string;
  readonly target?: Target;
  /** What is needed to read the value. */
  readonly note?: string;
}

/** The bound that the project sets itself. */
export type Target = { readonly max: number } | { readonly min: number };

export const isMet = (value: number, target: Target): boolean =>
  "max" in target ? value <= target.max : value >= target.min;

/** Thrown by a figure that cannot be measured here; the message says why. */
export class Skipped extends Error {}
