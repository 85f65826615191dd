/**
 * `console` as AWS's Node.js runtime has it: each message is one line `<iso time>\t<request id>\t<level>\t<text>`.
 * Source: the aws-lambda-nodejs runtime's documented log format (Lambda Developer Guide, "Log and monitor Node.js functions").
 */
import type { Console } from "node:console";
import type { LogFormat, LogLevel } from "../protocol.ts";
import { builtin } from "./builtins.ts";
import { toErrorObject, withSourceFrames } from "./error-object.ts";
import { writeOutput } from "./output.ts";

const LEVELS = {
  log: "INFO",
  info: "INFO",
  debug: "DEBUG",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
} as const satisfies Record<string, LogLevel>;

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

const RANKS: readonly LogLevel[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const { stringify } = JSON;

/** As `util.format` has it, which is not needed for a single text. */
const formatText = (args: readonly unknown[]): string =>
  withSourceFrames(args.length === 1 && typeof args[0] === "string" ? args[0] : builtin("node:util").format(...args));

let requestId = "undefined"; // AWS prints the word outside a call, too
let inJson = false;
let lowestRank = 0;

export function setConsoleRequestId(id: string): void {
  requestId = id;
}

export function setLogFormat(logFormat: LogFormat, level: LogLevel): void {
  inJson = logFormat === "JSON";
  lowestRank = inJson ? RANKS.indexOf(level) : 0;
}

/** Writes what `console.<level>` was given. */
function logMessage(level: LogLevel, args: readonly unknown[]): void {
  if (!inJson) return writeOutput(1, `${new Date().toISOString()}\t${requestId}\t${level}\t${formatText(args)}\n`);
  if (RANKS.indexOf(level) < lowestRank) return;
  const head = { timestamp: new Date().toISOString(), level, ...(requestId !== "undefined" && { requestId }) };
  writeOutput(1, `${jsonText(head, args)}\n`);
}

/** Writes one line of text as `console` would. */
export const logLine = (level: LogLevel, text: string): void => logMessage(level, [text]);

/** A single value stays what it is; several are formatted as text, and an error among them is told in members of its own. */
function jsonText(head: object, args: readonly unknown[]): string {
  const error = args.find((one) => typeof one === "object" && builtin("node:util").types.isNativeError(one));
  const told = error === undefined ? {} : errorMembers(error);
  const message = args.length === 1 && error === undefined ? args[0] : formatText(args);
  try {
    return stringify({ ...head, message, ...told });
  } catch {
    return stringify({ ...head, message: formatText(args), ...told });
  }
}

function errorMembers(error: unknown): object {
  const { errorType, errorMessage, trace } = toErrorObject(error);
  return { errorType, errorMessage, stackTrace: trace };
}

/** Replaces the methods of the global `console`; the object stays the same, as user code may hold it already. */
export function patchConsole(): void {
  const target = console as unknown as Record<string, (...args: unknown[]) => void>;
  for (const [name, level] of Object.entries(LEVELS)) {
    target[name] = (...args) => logMessage(level, args);
  }
  target["trace"] = (...args) => {
    const { stack = "" } = new Error();
    logLine("TRACE", `Trace: ${formatText(args)}\n${stack.split("\n").slice(2).join("\n")}`);
  };
  target["assert"] = (condition, ...args) => {
    if (!condition) logLine("ERROR", args.length > 0 ? `Assertion failed: ${formatText(args)}` : "Assertion failed");
  };
  for (const name of LAID_OUT) {
    target[name] = (...args) => (layout() as unknown as typeof target)[name]?.(...args);
  }
}

let laidOut: Console | undefined;

/** Made on first use: it costs some milliseconds, and few functions print tables. */
function layout(): Console {
  laidOut ??= new (builtin("node:console").Console)({
    stdout: new (builtin("node:stream").Writable)({
      decodeStrings: false,
      write(chunk: Uint8Array | string, _encoding, done) {
        logLine("INFO", chunk.toString().replace(/\n$/, ""));
        done();
      },
    }),
  });
  return laidOut;
}
