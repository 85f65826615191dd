/** The benchmark's hold on its load generator. */
import { join } from "node:path";
import type { Subprocess } from "bun";
import type { LoadAnswer, LoadCommand, LoadReport } from "./load-protocol.ts";
import { end, keep } from "./processes.ts";

export type LoadOptions = Omit<LoadCommand, "strict"> & { readonly strict?: boolean; readonly deadlineMs?: number };

const DEADLINE_MS = 60_000;

export class Load {
  readonly #child: Subprocess;
  #settle: ((answer: LoadAnswer) => void) | undefined;

  constructor() {
    this.#child = keep(
      Bun.spawn([process.execPath, join(import.meta.dir, "load.ts")], {
        stdio: ["ignore", "inherit", "inherit"],
        serialization: "advanced", // bodies are bytes, and there are many latencies
        ipc: (answer: LoadAnswer) => this.#settle?.(answer),
        onExit: () => this.#settle?.({ failure: "the load generator ended" }),
      }),
    );
  }

  /** One run at a time. @throws Error when a request failed, or when it takes longer than `deadlineMs`. */
  async run({ deadlineMs = DEADLINE_MS, ...command }: LoadOptions): Promise<LoadReport> {
    const { promise, resolve } = Promise.withResolvers<LoadAnswer>();
    this.#settle = resolve;
    const timer = setTimeout(() => {
      resolve({ failure: `no end within ${deadlineMs / 1000} s` });
      this.#child.kill("SIGKILL");
    }, deadlineMs);
    this.#child.send({ strict: true, ...command });
    const answer = await promise;
    clearTimeout(timer);
    this.#settle = undefined;
    if ("failure" in answer) throw new Error(answer.failure);
    return answer;
  }

  stop(): Promise<void> {
    return end(this.#child);
  }
}

export const ratePerSecond = (report: LoadReport): number => report.latenciesMs.length / (report.elapsedMs / 1000);
