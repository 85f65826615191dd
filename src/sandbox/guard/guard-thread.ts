/**
 * The thread that waits for functions to ask. It sits in one system call until somebody does, or the main thread has something to say and
 * writes a byte into the pipe that wakes it.
 */
import { readSync } from "node:fs";
import type { Architecture, SyscallName } from "../seccomp/syscalls.ts";
import { SYSCALL_NAMES, syscallNumber } from "../seccomp/syscalls.ts";
import type { OwnFilesOf } from "../walls/walls.ts";
import { briefly } from "./brief.ts";
import { OwnFiles } from "./files/own-files.ts";
import { Connections } from "./network/connections.ts";
import { Judge, type JudgeOptions } from "./network/judge.ts";
import { FetchedSockets, KeptSockets } from "./network/sockets.ts";
import { Waits } from "./network/waits.ts";
import { closeDescriptor, linux, receive } from "./notifications.ts";
import { Referee } from "./referee.ts";
import { Signals } from "./signals.ts";
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
const TURN_MS = 2;
const NS_OF_MS = 1_000_000;

/** Whose call took longer than so many milliseconds is not heard again before the others had this many times as long. */
const QUICK_MS = 20;
const REST_FACTOR = 4;

interface Environment {
  readonly listener: number;
  readonly referee: Referee;
  readonly waits: Waits;
  /** performance.now() */
  restsUntilMs: number;
  onGone(): void;
}

const environments = new Set<Environment>();
let undecided = 0;

const namesByNumber = new Map(
  SYSCALL_NAMES.map((name): [number | null, SyscallName] => [syscallNumber(name, process.arch as Architecture), name]),
);

self.onmessage = ({ data: order }: MessageEvent<GuardOrder>) => {
  if (order.kind === "begin") {
    briefly(() => 0); // what it takes is made now: the first who asks has not taken long
    return void watch(order.wake);
  }
  const { id, listener, root } = order;
  const tell = (refused?: string): void => self.postMessage({ id, refused } satisfies GuardNews);
  const sockets = order.keepsSockets ? new KeptSockets(root) : new FetchedSockets();
  const judge = new Judge(order.judge);
  const waits = new Waits();
  const connections = new Connections({ listener, root, judge, sockets, onRefused: tell, waits });
  const ownFiles = order.ownFiles && new OwnFiles({ listener, ...order.ownFiles });
  environments.add({
    listener,
    referee: new Referee({
      listener,
      connections,
      ownFiles,
      tasks: new Tasks(root, order.tasksMax),
      signals: new Signals(root),
    }),
    waits,
    restsUntilMs: 0,
    onGone() {
      waits.close();
      sockets.close();
      tell();
    },
  });
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function watch(wake: number): Promise<never> {
  for (;;) {
    const nowMs = performance.now();
    const wanted: Wanted[] = [
      { descriptor: wake, events: POLLIN, onReady: () => void readSync(wake, new Uint8Array(64)) },
    ];
    for (const environment of environments) {
      if (environment.restsUntilMs <= nowMs) wanted.push(listeningTo(environment));
      for (const wait of environment.waits.all)
        wanted.push({ descriptor: wait.descriptor, events: POLLOUT, onReady: () => environment.waits.end(wait) });
    }
    for (const { onReady, happened } of poll(wanted, timeoutAt(nowMs))) await onReady(happened);
    await turn(); // messages come in between
  }
}

const listeningTo = (environment: Environment): Wanted => ({
  descriptor: environment.listener,
  events: POLLIN,
  onReady(happened) {
    if ((happened & POLLIN) !== 0) return take(environment);
    if ((happened & (POLLHUP | POLLERR)) !== 0) leave(environment);
  },
});

async function take(environment: Environment): Promise<void> {
  const beganAtMs = performance.now();
  const notification = receive(environment.listener);
  const call = notification && namesByNumber.get(notification.call);
  if (!notification || call === undefined) return;
  undecided++;
  const decided = environment.referee.handle(call, notification).then(() => undecided--);
  await Promise.race([decided, turn()]);
  const endedAtMs = performance.now();
  const tookMs = endedAtMs - beganAtMs;
  if (tookMs > QUICK_MS) environment.restsUntilMs = endedAtMs + REST_FACTOR * tookMs;
}

/** All its processes are gone. */
function leave(environment: Environment): void {
  environments.delete(environment);
  environment.onGone();
  closeDescriptor(environment.listener);
}

/** In milliseconds; undefined: whenever something happens. */
function timeoutAt(nowMs: number): number | undefined {
  let waiting = 0;
  let timeoutMs = Number.POSITIVE_INFINITY;
  for (const { waits, restsUntilMs } of environments) {
    waiting += waits.calls;
    if (restsUntilMs > nowMs) timeoutMs = Math.min(timeoutMs, restsUntilMs - nowMs);
  }
  if (undecided > waiting) timeoutMs = Math.min(timeoutMs, TURN_MS);
  return timeoutMs === Number.POSITIVE_INFINITY ? undefined : timeoutMs;
}

interface Wanted {
  readonly descriptor: number;
  readonly events: number;
  onReady(happened: number): void | Promise<void>;
}

function poll(wanted: readonly Wanted[], timeoutMs: number | undefined): (Wanted & { happened: number })[] {
  const entries = Buffer.alloc(wanted.length * POLL_ENTRY_BYTES);
  for (const [at, { descriptor, events }] of wanted.entries()) {
    entries.writeInt32LE(descriptor, at * POLL_ENTRY_BYTES);
    entries.writeInt16LE(events, at * POLL_ENTRY_BYTES + 4);
  }
  const timeout = timeoutMs === undefined ? 0 : new BigInt64Array(timespecOf(timeoutMs));
  const count = linux("ppoll", entries, wanted.length, timeout, 0, 0);
  if (count <= 0) return [];
  return wanted.flatMap((each, at) => {
    const happened = entries.readInt16LE(at * POLL_ENTRY_BYTES + 6);
    return happened === 0 ? [] : [{ ...each, happened }];
  });
}

const timespecOf = (ms: number): [bigint, bigint] => [
  BigInt(Math.trunc(ms / 1000)),
  BigInt(Math.trunc((ms % 1000) * NS_OF_MS)),
];
