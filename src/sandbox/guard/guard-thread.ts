/**
 * The thread that waits for functions to ask. It sits in one system call until somebody does, or the main thread has something to say and
 * writes a byte into the pipe that wakes it.
 */
import { readSync } from "node:fs";
import type { Architecture, SyscallName } from "../seccomp/syscalls.ts";
import { SYSCALL_NAMES, syscallNumber } from "../seccomp/syscalls.ts";
import type { OwnFilesOf } from "../walls/walls.ts";
import { OwnFiles } from "./files/own-files.ts";
import { Connections } from "./network/connections.ts";
import { Judge, type JudgeOptions } from "./network/judge.ts";
import { FetchedSockets, KeptSockets } from "./network/sockets.ts";
import { closeDescriptor, linux, receive } from "./notifications.ts";
import { Referee } from "./referee.ts";
import { Tasks } from "./tasks.ts";

/** What the main thread says. */
export type GuardOrder =
  | { readonly kind: "begin"; readonly wake: number }
  | {
      readonly kind: "watch";
      readonly id: number;
      readonly listener: number;
      readonly root: number;
      readonly judge: Omit<JudgeOptions, "resolve">;
      /** Whether the system lets nobody take another process's descriptors. */
      readonly keepsSockets: boolean;
      readonly ownFiles: OwnFilesOf | undefined;
      readonly tasksMax: number;
    };

/** What this thread says. */
export interface GuardNews {
  readonly id: number;
  /** A destination; undefined when all processes are gone, and there will be no more. */
  readonly refused: string | undefined;
}

declare const self: Worker;

const POLL_ENTRY_BYTES = 8;
const POLLIN = 1;
const POLLOUT = 4;
const POLLHUP = 16;
const POLLERR = 8;
/** While an answer is being found out, the event loop has to turn. */
const TURN_NS = 2_000_000n;

/** By the listener. */
const watched = new Map<number, { readonly referee: Referee; onGone(): void }>();
const awaited = new Map<number, () => void>();
let undecided = 0;

const namesByNumber = new Map(
  SYSCALL_NAMES.map((name): [number | null, SyscallName] => [syscallNumber(name, process.arch as Architecture), name]),
);

self.onmessage = ({ data: order }: MessageEvent<GuardOrder>) => {
  if (order.kind === "begin") return void watch(order.wake);
  const { id, listener, root } = order;
  const tell = (refused?: string): void => self.postMessage({ id, refused } satisfies GuardNews);
  const sockets = order.keepsSockets ? new KeptSockets(root) : new FetchedSockets();
  const judge = new Judge(order.judge);
  const connections = new Connections({ listener, root, judge, sockets, onRefused: tell, untilWritable });
  const ownFiles = order.ownFiles && new OwnFiles({ listener, ...order.ownFiles });
  watched.set(listener, {
    referee: new Referee({ listener, connections, ownFiles, tasks: new Tasks(root, order.tasksMax) }),
    onGone() {
      sockets.close();
      tell();
    },
  });
};

const untilWritable = (descriptor: number): Promise<void> =>
  new Promise((resolve) => {
    awaited.set(descriptor, resolve);
  });

async function watch(wake: number): Promise<never> {
  for (;;) {
    const ready = poll([
      { descriptor: wake, events: POLLIN },
      ...[...watched.keys()].map((descriptor) => ({ descriptor, events: POLLIN })),
      ...[...awaited.keys()].map((descriptor) => ({ descriptor, events: POLLOUT })),
    ]);
    for (const { descriptor, happened } of ready) {
      if (descriptor === wake) readSync(wake, new Uint8Array(64));
      else if (awaited.has(descriptor)) settle(descriptor);
      else if ((happened & POLLIN) !== 0) take(descriptor);
      else if ((happened & (POLLHUP | POLLERR)) !== 0) leave(descriptor);
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // messages come in between
  }
}

function settle(descriptor: number): void {
  awaited.get(descriptor)?.();
  awaited.delete(descriptor);
}

function take(listener: number): void {
  const notification = receive(listener);
  const referee = watched.get(listener)?.referee;
  const call = notification && namesByNumber.get(notification.call);
  if (!notification || !referee || call === undefined) return;
  undecided++;
  void referee.handle(call, notification).then(() => undecided--);
}

/** All processes of the environment are gone. */
function leave(listener: number): void {
  watched.get(listener)?.onGone();
  watched.delete(listener);
  closeDescriptor(listener);
}

interface Wanted {
  readonly descriptor: number;
  readonly events: number;
}

function poll(wanted: readonly Wanted[]): { descriptor: number; happened: number }[] {
  const entries = Buffer.alloc(wanted.length * POLL_ENTRY_BYTES);
  for (const [at, { descriptor, events }] of wanted.entries()) {
    entries.writeInt32LE(descriptor, at * POLL_ENTRY_BYTES);
    entries.writeInt16LE(events, at * POLL_ENTRY_BYTES + 4);
  }
  const isTurning = undecided > awaited.size;
  const count = linux("ppoll", entries, wanted.length, isTurning ? new BigInt64Array([0n, TURN_NS]) : 0, 0, 0);
  if (count <= 0) return [];
  return wanted.flatMap(({ descriptor }, at) => {
    const happened = entries.readInt16LE(at * POLL_ENTRY_BYTES + 6);
    return happened === 0 ? [] : [{ descriptor, happened }];
  });
}
