/** The host's side of the bundler: a process that is there while it is needed, and that no source can keep busy for ever. */
import type { Subprocess } from "bun";
import type { BundleReply, BundleRequest, BundlerMessage } from "./messages.ts";

export interface BundlerOptions {
  /** Starts the process: the executable itself with its hidden command. */
  readonly command: readonly string[];
  /** How long the process, and its 130 MB of memory, are kept after a bundle. */
  readonly idleMs?: number;
  /** What one bundle may take, the start of the process (0.2 s) included. */
  readonly timeoutMs?: number;
}

/** Thrown when the process gives no answer: not the sources' fault, or not one they can be told of. */
export class BundlerFailure extends Error {}

/** The server is about to end: nothing is wrong. */
export class BundlerClosed extends BundlerFailure {
  constructor() {
    super("the server stops");
  }
}

type Source = Omit<BundleRequest, "id">;

interface Job {
  readonly source: Source;
  readonly resolve: (reply: BundleReply) => void;
  readonly reject: (failure: BundlerFailure) => void;
}

/** Starts its process with the first bundle, makes one bundle at a time, and ends the process when it has been idle. */
export class Bundler {
  readonly #options: Required<BundlerOptions>;
  readonly #waiting: Job[] = [];
  #child: Subprocess | undefined;
  #current: Job | undefined;
  #timer: Timer | undefined;
  #id = 0;
  #closed = false;

  constructor(options: BundlerOptions) {
    this.#options = { idleMs: 30_000, timeoutMs: 30_000, ...options };
  }

  /** The process's number; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws BundlerFailure when the process fails or takes too long; the next bundle then gets a new one. */
  bundle(source: Source): Promise<BundleReply> {
    const { promise, resolve, reject } = Promise.withResolvers<BundleReply>();
    this.#waiting.push({ source, resolve, reject });
    this.#next();
    return promise;
  }

  /** What was asked for of this package comes next: somebody waits for it. */
  hasten(directory: string): void {
    const at = this.#waiting.findIndex(({ source }) => source.directory === directory);
    if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
  }

  /** Ends the process for good; what is being made, waits or is asked for later fails. */
  close(): void {
    this.#closed = true;
    this.#drop();
    this.#settle()?.reject(new BundlerClosed());
    this.#next();
  }

  #next(): void {
    if (this.#closed) for (const job of this.#waiting.splice(0)) job.reject(new BundlerClosed());
    if (this.#current) return;
    const job = this.#waiting.shift();
    if (!job) return;
    this.#current = job;
    const { timeoutMs } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(`it took more than ${timeoutMs} ms`), timeoutMs);
    try {
      this.#child ??= this.#start();
      this.#child.send({ id: ++this.#id, ...job.source } satisfies BundleRequest);
    } catch (error) {
      this.#fail(String(error));
    }
  }

  #start(): Subprocess {
    const child: Subprocess = Bun.spawn([...this.#options.command], {
      env: {}, // nothing of the server's concerns it
      stdio: ["ignore", "ignore", "ignore"],
      detached: true, // an interrupt from the terminal is for the server, which ends it when it is time
      // Our own code is on the other side, and esbuild behind it shut into WebAssembly: not a runner, whose frames are hostile.
      serialization: "advanced",
      ipc: (message: BundlerMessage) => {
        if (child === this.#child) this.#receive(message);
      },
      onExit: (_child, code, signal) => {
        if (child !== this.#child) return;
        this.#child = undefined;
        this.#fail(`its process ended with ${signal ?? `exit code ${code}`}`);
      },
    });
    child.unref();
    return child;
  }

  #receive(message: BundlerMessage): void {
    if (message.id !== this.#id) return;
    if ("broken" in message) return this.#fail(message.broken);
    this.#settle()?.resolve(message.reply);
    this.#next();
    if (this.#current) return;
    this.#timer = setTimeout(() => this.#drop(), this.#options.idleMs);
    this.#timer.unref();
  }

  #fail(why: string): void {
    this.#drop();
    this.#settle()?.reject(new BundlerFailure(why));
    this.#next();
  }

  /** The job that ran, which is over. */
  #settle(): Job | undefined {
    const job = this.#current;
    this.#current = undefined;
    clearTimeout(this.#timer);
    return job;
  }

  #drop(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
  }
}
