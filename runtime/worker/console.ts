/**
 * `console` as AWS's Node.js runtime has it: each message is one line `<iso time>\t<request id>\t<level>\t<text>`.
 * Source: the aws-lambda-nodejs runtime's documented log format (Lambda Developer Guide, "Log and monitor Node.js functions").
 */
import { Console } from "node:console";
import { Writable } from "node:stream";
import { format } from "node:util";
import { writeOutput } from "./output.ts";

type Level = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";

const LEVELS = {
  log: "INFO",
  info: "INFO",
  debug: "DEBUG",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
} as const satisfies Record<string, Level>;

/** Methods that lay out what they are given: Node's own implementation does it, and what it prints goes out as INFO. */
const LAID_OUT = [
  "table",
  "dir",
  "dirxml",
  "group",
  "groupCollapsed",
  "groupEnd",
  "count",
  "countReset",
  "time",
  "timeEnd",
  "timeLog",
];

let requestId = "undefined"; // AWS prints the word outside a call, too

export function setConsoleRequestId(id: string): void {
  requestId = id;
}

/** Writes one line as `console` would. */
export function logLine(level: Level, text: string): void {
  writeOutput(1, `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
}

/** Replaces the methods of the global `console`; the object stays the same, as user code may hold it already. */
export function patchConsole(): void {
  const target = console as unknown as Record<string, (...args: unknown[]) => void>;
  for (const [name, level] of Object.entries(LEVELS)) {
    target[name] = (...args) => logLine(level, format(...args));
  }
  target["trace"] = (...args) => {
    const { stack = "" } = new Error();
    logLine("TRACE", `Trace: ${format(...args)}\n${stack.split("\n").slice(2).join("\n")}`);
  };
  target["assert"] = (condition, ...args) => {
    if (!condition) logLine("ERROR", args.length > 0 ? `Assertion failed: ${format(...args)}` : "Assertion failed");
  };
  for (const name of LAID_OUT) {
    target[name] = (...args) => (layout() as unknown as typeof target)[name]?.(...args);
  }
}

let laidOut: Console | undefined;

/** Made on first use: it costs some milliseconds, and few functions print tables. */
function layout(): Console {
  laidOut ??= new Console({
    stdout: new Writable({
      decodeStrings: false,
      write(chunk: Uint8Array | string, _encoding, done) {
        logLine("INFO", chunk.toString().replace(/\n$/, ""));
        done();
      },
    }),
  });
  return laidOut;
}
