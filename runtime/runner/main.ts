/**
 * The process of one execution environment: starts the worker thread and ends with it. User code lives in the thread; this
 * thread stays free, so `process.exit` in a handler, which ends only its thread, ends the process with the same code, and a
 * handler that never yields ends when the control plane is gone.
 */
import { dlopen, FFIType } from "bun:ffi";
import { connectDescriptor } from "../protocol.ts";
import { workerUrl } from "./worker-url.ts";

/** The host holds the other end as long as it lives; it never writes. */
const LIFELINE_DESCRIPTOR = 4;

export async function runRunner(): Promise<void> {
  const worker = new Worker(workerUrl());
  worker.addEventListener("close", (event) => process.exit((event as unknown as { code?: number }).code ?? 0));
  worker.addEventListener("error", (event) => event.preventDefault());
  const endGroup = (): void => {
    process.kill(0, "SIGKILL"); // this process leads its group: the handler's children end with it
  };
  endWithParent();
  await connectDescriptor(LIFELINE_DESCRIPTOR, { data() {}, close: endGroup, error: endGroup });
}

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * A frozen process cannot see that the lifeline broke, so on Linux the kernel ends it with its parent. Source: prctl(2).
 * Elsewhere, and where there is no such C library, the lifeline has to do.
 */
function endWithParent(): void {
  if (process.platform !== "linux") return;
  for (const library of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(library, { prctl: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 } });
      symbols.prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    } catch {
      // the next name may be this system's
    }
  }
}
