/**
 * What a handler writes leaves by blocking writes to the process's own descriptors: nothing is buffered here, so nothing is lost when
 * the process dies, and `console`, `process.stdout` and child processes keep their order.
 */
import { writeSync } from "node:fs";
import { builtin } from "./builtins.ts";

export type Descriptor = 1 | 2;

/** Set once anything went out by `writeOutput` since the last `takeWritten`. */
let written = false;

export function writeOutput(descriptor: Descriptor, bytes: Uint8Array | string): void {
  written = true;
  const whole = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  let offset = 0;
  while (offset < whole.length) {
    try {
      offset += writeSync(descriptor, whole, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") continue; // the handler made the pipe non-blocking: wait for the host to read
      return; // the handler closed its output: there is nowhere to write to, and that is its own affair
    }
  }
}

/** Whether anything was written since the last call of this function. */
export function takeWritten(): boolean {
  const was = written;
  written = false;
  return was;
}

/**
 * Replaces `process.stdout` and `process.stderr`. The engine's own are not even looked at: that makes them, which takes 1.5 ms and leaves
 * the pipe non-blocking for everybody, so that a plain `fs.writeSync(1, …)` or a child fails with EAGAIN as soon as it is full.
 */
export function redirectStandardStreams(): void {
  redirect("stdout", 1);
  redirect("stderr", 2);
}

function redirect(name: "stdout" | "stderr", descriptor: Descriptor): void {
  let stream: NodeJS.WriteStream | undefined;
  (process as unknown as Record<string, unknown>)[name] = undefined; // to define a property makes what it replaces; to assign one does not
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get() {
      if (stream) return stream;
      const made = Object.assign(new (builtin("node:stream").Writable)(), {
        fd: descriptor,
        isTTY: false,
      }) as unknown as NodeJS.WriteStream;
      made.write = (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk, asEncoding(encoding)) : chunk;
        writeOutput(descriptor, bytes);
        const callback = typeof encoding === "function" ? encoding : done;
        if (typeof callback === "function") queueMicrotask(() => callback());
        return true;
      };
      stream = made;
      return made;
    },
  });
}

const asEncoding = (encoding: unknown): BufferEncoding =>
  typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
