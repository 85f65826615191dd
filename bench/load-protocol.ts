/** What the benchmark and its load generator tell each other, over Bun's structured messages. */
export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface LoadCommand {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Handed out in order and, unless `count` ends it before, again from the first. */
  readonly requests: readonly LoadRequest[];
  /** Connections, each with one request on its way at a time. All are open before the clock starts. */
  readonly clients: number;
  /** Ends after so many requests, all clients together. */
  readonly count?: number;
  /** No request starts after so long. */
  readonly durationMs?: number;
  /** An answer that is not 2xx ends the run as failed; otherwise they are counted. */
  readonly strict: boolean;
}

export interface LoadReport {
  readonly elapsedMs: number;
  /** From the request's first byte to the answer's last, in the order in which the answers came. */
  readonly latenciesMs: Float64Array;
  readonly errorCount: number;
}

export type LoadAnswer = LoadReport | { readonly failure: string };
