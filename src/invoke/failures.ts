/**
 * What a client reads when the service, not the handler, found the failure. Wording as recorded on AWS, or, where it was not, as
 * its emulator has it; so far as AWS changed it over the years, the newest.
 */
import { RESPONSE_BYTES_MAX } from "../core/limits.ts";
import type { SandboxExit } from "../sandbox/sandbox.ts";
import type { Outcome } from "./invocation.ts";

const encoder = new TextEncoder();

export function unhandled(errorType: string, errorMessage: string): Outcome {
  const payload = encoder.encode(JSON.stringify({ errorType, errorMessage }));
  return unhandledBy(errorType, payload);
}

/** An error object that the runner told. */
export const unhandledBy = (errorType: string, payload: Uint8Array): Outcome => ({
  kind: "function-error",
  functionError: "Unhandled",
  errorType,
  payload,
});

export const timedOut = (requestId: string, timeoutMs: number): Outcome =>
  unhandled(
    "Sandbox.Timedout",
    `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  );

export const outOfMemory = (requestId: string): Outcome =>
  unhandled("Runtime.OutOfMemory", `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`);

export const exited = (requestId: string, exit: SandboxExit): Outcome =>
  unhandled("Runtime.ExitError", `RequestId: ${requestId} Error: ${exitText(exit)}`);

export const responseTooLarge = (): Outcome =>
  unhandled(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
  );

export function exitText(exit: SandboxExit): string {
  if (exit.signal !== null)
    return `Runtime exited with error: signal: ${SIGNAL_TEXTS[exit.signal] ?? exit.signal.toLowerCase()}`;
  if (exit.code === 0) return "Runtime exited without providing a reason";
  return `Runtime exited with error: exit status ${exit.code}`;
}

/** As Go's `os.ProcessState` words them, since AWS's supervisor is written in it. */
const SIGNAL_TEXTS: Record<string, string> = {
  SIGABRT: "aborted (core dumped)",
  SIGBUS: "bus error (core dumped)",
  SIGFPE: "floating point exception (core dumped)",
  SIGILL: "illegal instruction (core dumped)",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault (core dumped)",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap (core dumped)",
};
