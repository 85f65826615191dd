/**
 * A process behind walls, with a channel of frames, one pipe for all that it prints, and a lifeline by which it ends when this process
 * does. It knows nothing of Lambda, and nothing that comes out of the process is trusted: bytes that are no frame end it.
 */
import { closeSync } from "node:fs";
import type { Socket, Subprocess } from "bun";
import { FrameReader } from "../../runtime/protocol.ts";
import { connectDescriptor, FrameOutbox } from "../../runtime/protocol-socket.ts";
import { makePipe } from "./libc.ts";
import { MemoryMeter } from "./memory-meter.ts";

export interface SandboxSpec {
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface SandboxEvents {
  onFrame(head: unknown, payload: Uint8Array): void;
  /** While the answer is pending no more output is read, and the process waits. */
  onOutput(bytes: Uint8Array): void | Promise<void>;
  /** Once, after the process ended and all that it printed was handed on. */
  onExit(exit: SandboxExit): void;
}

export interface SandboxExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A child that outlives its parent may hold the output pipe open; nobody waits longer for what it may still print. */
const OUTPUT_GRACE_MS = 50;
/** Unless it is this process that keeps the output waiting: then so many times as long. */
const OUTPUT_GRACES_MAX = 100;
/** How long one process's output may keep the event loop from everybody else. */
const OUTPUT_TURN_MS = 2;
/** How long a process may take from closing its channel to its exit. */
const EXIT_GRACE_MS = 500;

export class Sandbox {
  readonly memory: MemoryMeter;
  readonly #process: Subprocess;
  readonly #outbox = new FrameOutbox();
  readonly #backlogUntilConnected: (readonly Uint8Array[])[] = [];
  #socket: Socket | undefined;
  #flushIsDue = false;
  #ended = false;
  #outputPaused = false;

  private constructor(child: Subprocess) {
    this.#process = child;
    this.memory = new MemoryMeter(child.pid);
  }

  /** Starts the process. @throws Error when the operating system refuses. */
  static start(spec: SandboxSpec, events: SandboxEvents): Sandbox {
    const { readEnd, writeEnd } = makePipe();
    let child: Subprocess;
    try {
      child = Bun.spawn([...spec.command], {
        cwd: spec.workingDirectory,
        env: spec.env,
        stdio: ["ignore", writeEnd, writeEnd, "pipe", "pipe"],
        detached: true, // its own session and process group, so that one signal reaches its children too
      });
    } catch (error) {
      closeSync(readEnd);
      throw error;
    } finally {
      closeSync(writeEnd);
    }
    const sandbox = new Sandbox(child);
    const reader = Bun.file(readEnd).stream().getReader();
    const output = sandbox.#readOutput(reader, events).finally(() => closeQuietly(readEnd));
    void sandbox.#connect(events);
    void sandbox.#watchExit({ output, reader }, events);
    return sandbox;
  }

  get pid(): number {
    return this.#process.pid;
  }

  send(pieces: readonly Uint8Array[]): void {
    if (this.#ended) return;
    if (this.#socket) this.#outbox.write(this.#socket, pieces);
    else this.#backlogUntilConnected.push(pieces);
  }

  /** Sends a frame that may wait until all that has arrived is looked at, so that several leave together. */
  sendSoon(pieces: readonly Uint8Array[]): void {
    if (!this.#socket) return this.send(pieces);
    this.#outbox.queue(pieces);
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    setImmediate(() => {
      this.#flushIsDue = false;
      if (this.#socket && !this.#ended) this.#outbox.flush(this.#socket);
    });
  }

  /** Reads no more frames until `resumeFrames`: the process waits once the socket is full. */
  pauseFrames(): void {
    this.#socket?.pause();
  }

  resumeFrames(): void {
    this.#socket?.resume();
  }

  /** Stops the process and its group where they are, until `thaw`; they use no processor time meanwhile. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  thaw(): void {
    this.#signal("SIGCONT");
  }

  /** SIGKILL to the process and its whole group; safe to call at any time. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#ended) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      this.#process.kill(signal); // the group is not there yet
    }
  }

  async #connect(events: SandboxEvents): Promise<void> {
    const reader = new FrameReader((head, payload) => events.onFrame(head, payload));
    const onBytes = (bytes: Uint8Array): void => {
      try {
        reader.push(bytes);
      } catch {
        this.kill(); // what speaks something else than frames is broken or hostile
      }
    };
    try {
      this.#socket = await connectDescriptor(this.#process.stdio[3] as number, {
        data: (_socket, bytes) => onBytes(bytes),
        drain: (socket) => this.#outbox.flush(socket),
        close: () => this.#endSoon(),
        error: () => this.#endSoon(),
      });
    } catch {
      this.kill();
      return;
    }
    for (const pieces of this.#backlogUntilConnected.splice(0)) this.#outbox.write(this.#socket, pieces);
  }

  /** A process that closed its channel can neither be called nor answer: most are about to exit, and their exit code tells why. */
  #endSoon(): void {
    setTimeout(() => this.kill(), EXIT_GRACE_MS).unref();
  }

  async #readOutput(reader: OutputReader, events: SandboxEvents): Promise<void> {
    let turnBeganAtMs = performance.now();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const pause = events.onOutput(part.value);
      if (pause) {
        this.#outputPaused = true;
        await pause;
        this.#outputPaused = false;
      }
      // Reading goes on within one turn of the event loop as long as there is something to read.
      if (performance.now() - turnBeganAtMs < OUTPUT_TURN_MS) continue;
      await nextTurn();
      turnBeganAtMs = performance.now();
    }
  }

  async #watchExit(pipe: { output: Promise<void>; reader: OutputReader }, events: SandboxEvents): Promise<void> {
    await this.#process.exited;
    this.kill(); // what the process left behind in its group
    this.#ended = true;
    this.memory.close();
    const over = pipe.output.then(
      () => true,
      () => true,
    );
    for (let graces = 0; graces < OUTPUT_GRACES_MAX; graces++) {
      if ((await Promise.race([over, Bun.sleep(OUTPUT_GRACE_MS)])) || !this.#outputPaused) break;
    }
    await pipe.reader.cancel().catch(() => {});
    this.#socket?.end();
    closeQuietly(this.#process.stdio[4] as number);
    events.onExit({ code: this.#process.exitCode, signal: this.#process.signalCode as string | null });
  }
}

interface OutputReader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true }>;
  cancel(): Promise<void>;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // closed already
  }
}
