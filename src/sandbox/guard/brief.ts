/**
 * Breaks off a system call that takes too long: others wait for this thread. A timer of its own sends it a signal until it is back, and the
 * signal's handler does nothing. Source: timer_create(2), sigaction(2), signal(7).
 */
import { FFIType, ptr } from "bun:ffi";
import { openLibc } from "../libc.ts";
import { linux } from "./notifications.ts";

/** A real-time signal that nobody else here uses. */
const SIGNAL = 50;
const SIGACTION_BYTES = 152; // handler, mask of 128 bytes, flags (none: a call that was broken off is not begun again), restorer
const EVENT_BYTES = 64;
const SIGEV_THREAD_ID = 4;
const CLOCK_MONOTONIC = 1;
const MS_MAX = 5;
const NS_OF_MS = 1_000_000;

const never = new BigInt64Array(4);
/** Again and again: the first may come before the call has begun. */
const soon = new BigInt64Array([0n, BigInt(MS_MAX * NS_OF_MS), 0n, BigInt(MS_MAX * NS_OF_MS)]);

let timer: number | undefined;

/** Performs one system call, which answers EINTR when it would take longer than a few milliseconds. All calls of one thread. */
export function briefly(perform: () => number): number {
  timer ??= makeTimer();
  linux("timer_settime", timer, 0, soon, 0);
  try {
    return perform();
  } finally {
    linux("timer_settime", timer, 0, never, 0);
  }
}

function makeTimer(): number {
  const libc = openLibc<{ sigaction(signal: number, action: unknown, before: null): number; abs: { ptr: number } }>({
    sigaction: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    abs: { args: [FFIType.i32], returns: FFIType.i32 },
  });
  const action = Buffer.alloc(SIGACTION_BYTES);
  action.writeBigUInt64LE(BigInt(libc.abs.ptr), 0); // takes a number, as handlers do, and touches nothing
  const event = Buffer.alloc(EVENT_BYTES);
  event.writeInt32LE(SIGNAL, 8);
  event.writeInt32LE(SIGEV_THREAD_ID, 12);
  event.writeInt32LE(linux("gettid"), 16);
  const id = new Int32Array(1);
  if (libc.sigaction(SIGNAL, ptr(action), null) !== 0 || linux("timer_create", CLOCK_MONOTONIC, event, id) !== 0)
    throw new Error("Cannot guard functions: the system gives no timer");
  return id[0] ?? -1;
}
