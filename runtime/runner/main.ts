/**
 * The process of one execution environment: starts the worker thread and ends with it. User code lives in the thread; this
 * thread stays free, so `process.exit` in a handler, which ends only its thread, ends the process with the same code, and a
 * handler that never yields ends when the control plane is gone.
 */
import { writeSync } from "node:fs";
import { CHANNEL_DESCRIPTOR, encodeFrame, LIFELINE_DESCRIPTOR } from "../protocol.ts";
import { connectDescriptor } from "../protocol-socket.ts";
import { installAskingFilter } from "./asking-filter.ts";
import { narrow } from "./narrow.ts";
import { signalAtParentsEnd } from "./parents-end.ts";
import { workerUrl } from "./worker-url.ts";

/** @param filters of the calls that the host is to be asked about, where it guards. */
export async function runRunner(filters: string | undefined): Promise<void> {
  if (filters) {
    // Before the limit of descriptors is low: nobody hands over one while other processes of the user have sent each other more than it allows.
    installAskingFilter(filters);
    for (const piece of encodeFrame({ type: "guarded" })) writeSync(CHANNEL_DESCRIPTOR, piece);
  }
  narrow();
  const worker = new Worker(workerUrl(process.env["TMPDIR"] !== undefined)); // set by walls that cannot mount one at /tmp
  worker.addEventListener("close", (event) => exitWith((event as unknown as { code?: number }).code ?? 0));
  worker.addEventListener("error", (event) => event.preventDefault());
  // What user code says in the worker's name comes too late to matter.
  worker.addEventListener("message", () => setTimeout(letGo, LET_GO_AFTER_MS), { once: true });
  const endGroup = (): void => {
    process.kill(0, "SIGKILL"); // this process leads its group: the handler's children end with it
  };
  signalAtParentsEnd(SIGCONT);
  await connectDescriptor(LIFELINE_DESCRIPTOR, { data() {}, close: endGroup, error: endGroup });
}

/** Beside the first call, and before the host freezes who has none: this thread has nothing else to do. */
const LET_GO_AFTER_MS = 15;
const letGo = (): void => void import("./trim.ts").then(({ letGoOfCode }) => letGoOfCode());

/** Up to here no exit code can be taken for a signal's. */
const PLAIN_CODE_MAX = 128;

/** Who waits for this process may stand behind one that tells a signal as a code: then the lifeline says that it is none. */
function exitWith(code: number): never {
  if (code > PLAIN_CODE_MAX) {
    try {
      writeSync(LIFELINE_DESCRIPTOR, new Uint8Array(1));
    } catch {
      // nobody waits any more
    }
  }
  process.exit(code);
}

/**
 * A frozen process cannot see that the lifeline broke, so on Linux the kernel thaws it when its parent ends. Were it killed by
 * that signal, the handler's children would outlive it.
 */
const SIGCONT = 18;
