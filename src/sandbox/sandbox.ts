/**
 * A process behind walls, with a channel of frames, one pipe for all that it prints, and a lifeline by which it ends when this process
 * does. It knows nothing of Lambda, and nothing that comes out of the process is trusted: bytes that are no frame end it.
 */
import { closeSync } from "node:fs";
import type { Socket, Subprocess } from "bun";
import { FrameReader, LIFELINE_DESCRIPTOR, readRunnerHead } from "../../runtime/protocol.ts";
import { connectDescriptor, FrameOutbox } from "../../runtime/protocol-socket.ts";
import type { ControlGroup, GroupPlace } from "./control-groups.ts";
import { holdsTooMuchDisk } from "./disk-use.ts";
import { exitOf } from "./exit.ts";
import type { Guard, Watched } from "./guard/guard.ts";
import { joinGroup } from "./join-group.ts";
import { makePipe } from "./libc.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { closeQuietly, OutputPipe } from "./output-pipe.ts";
import { killTree, signal, stopDescendants } from "./process-tree.ts";
import { weighSession } from "./processor-share.ts";
import type { Confinement, Enclosed, Walls } from "./walls/walls.ts";

export interface SandboxSpec extends Omit<Confinement, "isGuarded"> {
  readonly walls: Walls;
  /** Where processors are contended, 0 (unless said otherwise) gets most. */
  readonly niceness?: number;
  /** Holds the process and all that it starts to what they may take, where the system has control groups. */
  readonly place?: GroupPlace | undefined;
  /** Holds the process and all that it starts to where they may connect. The program installs the filters that come as its last argument. */
  readonly guarded?: { readonly guard: Guard } & Pick<Watched, "policy" | "tasksMax" | "onRefused">;
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
  /** The kernel ended it, since it took more memory than its group may. */
  readonly ranOutOfMemory?: boolean;
}

/** Between two looks at the disk; longer when one takes long. */
const DISK_LOOK_EVERY_MS = 200;
const DISK_LOOK_SPACING = 10;
/** How long a process may take from closing its channel to its exit. */
const EXIT_GRACE_MS = 500;
const KILL_SOON_MS = 50;

export class Sandbox {
  readonly memory: MemoryMeter;
  readonly #process: Subprocess;
  readonly #walls: Walls;
  readonly #enclosed: Enclosed;
  readonly #guarded: SandboxSpec["guarded"];
  readonly #group: ControlGroup | undefined;
  /** Stopped with the others, though they left the group. */
  #stoppedApart: readonly number[] = [];
  readonly #outbox = new FrameOutbox();
  readonly #backlogUntilConnected: (readonly Uint8Array[])[] = [];
  #socket: Socket | undefined;
  #unsentFrames = 0;
  #ended = false;
  #frozen = false;

  private constructor(
    child: Subprocess,
    { walls, guarded }: SandboxSpec,
    { enclosed, group }: { enclosed: Enclosed; group: ControlGroup | undefined },
  ) {
    this.#process = child;
    this.#group = group;
    this.#walls = walls;
    this.#guarded = guarded;
    this.#enclosed = enclosed;
    this.memory = new MemoryMeter(child.pid);
  }

  /** Starts the process. @throws Error when the operating system refuses. */
  static start(spec: SandboxSpec, events: SandboxEvents): Sandbox {
    const { walls, guarded, place } = spec;
    const command = guarded ? [...spec.command, guarded.guard.filterFor(guarded.policy)] : spec.command;
    const enclosed = walls.enclose({ ...spec, command, isGuarded: guarded !== undefined });
    const { readEnd, writeEnd } = makePipe();
    let child: Subprocess;
    let group: ControlGroup | undefined;
    try {
      group = place?.groups.make(place.limits);
      child = spawn(enclosed, writeEnd);
    } catch (error) {
      closeSync(readEnd);
      group?.remove();
      walls.onEnd(enclosed);
      throw error;
    } finally {
      closeSync(writeEnd);
      for (const descriptor of enclosed.descriptors) closeSync(descriptor);
    }
    if (spec.niceness) weighSession(child.pid, spec.niceness);
    walls.onStart(child.pid);
    const sandbox = new Sandbox(child, spec, { enclosed, group });
    const output = new OutputPipe(readEnd, (bytes) => events.onOutput(bytes));
    if (enclosed.temporary) void sandbox.#watchDisk(enclosed.temporary);
    void sandbox.#connect(events);
    void sandbox.#watchExit(output, events);
    return sandbox;
  }

  /** How many frames `sendSoon` has not sent yet. */
  get unsentFrames(): number {
    return this.#unsentFrames;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get #lifeline(): number {
    return this.#process.stdio[LIFELINE_DESCRIPTOR] as number;
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
    if (this.#unsentFrames++ > 0) return;
    setImmediate(() => {
      this.#unsentFrames = 0;
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

  /** Stops the process and all its descendants where they are, until `thaw`; they use no processor time meanwhile. */
  freeze(): void {
    this.#frozen = true;
    this.#signal("SIGSTOP");
    const isAlone = this.memory.processes <= this.#walls.processesAbove + 1;
    if (!isAlone) this.#stoppedApart = stopDescendants(this.#process.pid);
  }

  thaw(): void {
    this.#frozen = false;
    for (const pid of this.#stoppedApart) signal(pid, "SIGCONT");
    this.#stoppedApart = [];
    this.#signal("SIGCONT");
  }

  /** Stops them at once and kills them a moment later: that takes the system longer, and others may be waiting for it. */
  killSoon(): void {
    this.freeze();
    setTimeout(() => this.kill(), KILL_SOON_MS);
  }

  /** SIGKILL to the process and all its descendants; safe to call at any time. */
  kill(): void {
    if (!this.#ended && !this.#walls.endsAll) killTree(this.#process.pid);
    this.#group?.kill();
    this.#signal("SIGKILL");
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#ended) return;
    try {
      process.kill(-this.#process.pid, name);
    } catch {
      this.#process.kill(name); // the group is not there yet
    }
  }

  async #connect(events: SandboxEvents): Promise<void> {
    const reader = new FrameReader((head, payload) => events.onFrame(head, payload), { readHead: readRunnerHead });
    let isFirst = true;
    const onBytes = (bytes: Uint8Array): void => {
      try {
        if (isFirst) this.#meet();
        isFirst = false;
        reader.push(bytes);
      } catch {
        this.kill(); // what speaks something else than frames is broken or hostile
      }
    };
    const levels = this.#walls.processesAbove;
    try {
      if (this.#group) await joinGroup(this.#group, { root: this.#process.pid, levels, hasEnded: () => this.#ended });
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

  /** The process spoke for the first time, and nobody's code runs in it yet. @throws Error when it cannot be watched. */
  #meet(): void {
    this.memory.descend(this.#walls.processesAbove); // as long as it started nothing: there is one way down
    const [guarded, { ownFiles }] = [this.#guarded, this.#enclosed];
    guarded?.guard.watch({ ...guarded, root: this.#process.pid, lifeline: this.#lifeline, ownFiles });
  }

  /** A process that closed its channel can neither be called nor answer: most are about to exit, and their exit code tells why. */
  #endSoon(): void {
    setTimeout(() => this.kill(), EXIT_GRACE_MS).unref();
  }

  /** Ends the process when it holds more of the disk than it may. */
  async #watchDisk({ folder, bytesMax }: NonNullable<Enclosed["temporary"]>): Promise<void> {
    for (let tookMs = 0; !this.#ended; ) {
      await Bun.sleep(Math.max(DISK_LOOK_EVERY_MS, DISK_LOOK_SPACING * tookMs));
      if (this.#frozen || this.#ended) continue;
      const beganAtMs = performance.now();
      if (await holdsTooMuchDisk({ folder, bytesMax, pid: this.#process.pid })) this.kill();
      tookMs = performance.now() - beganAtMs;
    }
  }

  async #watchExit(output: OutputPipe, events: SandboxEvents): Promise<void> {
    await this.#process.exited;
    this.#signal("SIGKILL"); // to what the process left behind in its group
    this.#ended = true;
    this.#walls.onEnd(this.#enclosed, this.#process.pid);
    this.memory.close();
    await output.end();
    this.#socket?.end();
    const exit = exitOf(this.#process, this.#walls);
    const ranOutOfMemory = this.#group?.ranOutOfMemory();
    this.#group?.remove();
    closeQuietly(this.#lifeline);
    events.onExit(ranOutOfMemory ? { ...exit, ranOutOfMemory } : exit);
  }
}

function spawn({ command, workingDirectory, env, descriptors }: Enclosed, output: number): Subprocess {
  return Bun.spawn([...command], {
    ...(workingDirectory !== undefined && { cwd: workingDirectory }),
    env,
    stdio: ["ignore", output, output, "pipe", "pipe", ...descriptors],
    detached: true, // its own session and process group, so that one signal reaches its children too
  });
}
