/** The host's side of the bundler: a thread that is there while it is needed, and that no source can keep busy for ever. */
import type { BundleReply, BundleRequest, WorkerMessage } from "./messages.ts";

export interface BundlerOptions {
  /** How long the thread, and its 100 MB of memory, are kept after a bundle. */
  readonly idleMs?: number;
  /** What one bundle may take, the start of the thread (0.2 s) included. */
  readonly timeoutMs?: number;
  /** Where the thread's code is; for tests. */
  readonly workerUrl?: string;
}

/** Thrown when the thread gives no answer: not the sources' fault, or not one they can be told of. */
export class BundlerFailure extends Error {}

/** Starts its thread with the first bundle, makes one bundle at a time, and ends the thread when it has been idle. */
export class Bundler {
  readonly #options: Required<BundlerOptions>;
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #id = 0;

  constructor(options: BundlerOptions = {}) {
    this.#options = { idleMs: 30_000, timeoutMs: 30_000, workerUrl: bundlerWorkerUrl(), ...options };
  }

  /** Whether the thread is there. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** @throws BundlerFailure when the thread fails or takes too long; the next bundle then gets a new one. */
  bundle(source: Omit<BundleRequest, "id">): Promise<BundleReply> {
    const mine = this.#last.then(() => this.#run({ id: ++this.#id, ...source }));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Ends the thread; a bundle that is being made fails. */
  close(): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #run(request: BundleRequest): Promise<BundleReply> {
    clearTimeout(this.#idle);
    try {
      const reply = await this.#ask(request);
      this.#idle = setTimeout(() => this.close(), this.#options.idleMs);
      this.#idle.unref();
      return reply;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #ask(request: BundleRequest): Promise<BundleReply> {
    const { timeoutMs, workerUrl } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<BundleReply>();
    this.#worker ??= new Worker(workerUrl);
    const worker = this.#worker;
    const timer = setTimeout(() => reject(new BundlerFailure(`it took more than ${timeoutMs} ms`)), timeoutMs);
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.id !== request.id) return;
      if ("reply" in data) resolve(data.reply);
      else reject(new BundlerFailure(data.broken));
    };
    worker.onerror = (event) => reject(new BundlerFailure(event.message));
    worker.addEventListener("close", () => reject(new BundlerFailure("its thread ended")), { once: true });
    worker.ref();
    worker.postMessage(request);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.unref(); // an idle thread keeps no process alive
    });
  }
}

/**
 * Inside the executable under a fixed name, from source beside this file. `scripts/build.ts` lists it as an entry point, whose
 * name is its path from the root of the project.
 */
function bundlerWorkerUrl(): string {
  const compiled = Bun.main.startsWith("/$bunfs/") || /^[A-Z]:[/\\]~BUN/.test(Bun.main);
  return compiled ? "./src/packages/bundle/worker.ts" : new URL("./worker.ts", import.meta.url).href;
}
