/**
 * A thrown thing as the JSON object that a client gets: `errorType`, `errorMessage`, `trace`.
 * Whatever is thrown may be hostile (getters that throw, proxies, objects without a prototype): nothing here throws.
 */
import { dirname } from "node:path";
import { builtin } from "./builtins.ts";
import { toSourceFrames } from "./source-frames.ts";

export interface ErrorObject {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

const ERROR_TYPE_LENGTH_MAX = 1024;
const CAUSES_MAX = 8;
const { stringify } = JSON;

export function toErrorObject(thrown: unknown): ErrorObject {
  try {
    if (isErrorLike(thrown)) {
      const errorType = String(thrown.name ?? "Error").slice(0, ERROR_TYPE_LENGTH_MAX);
      const errorMessage = String(thrown.message ?? "");
      return { errorType, errorMessage, trace: traceOf(thrown.stack, `${errorType}: ${errorMessage}`) };
    }
    return { errorType: typeof thrown, errorMessage: plainText(thrown), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      trace: [],
    };
  }
}

/** What AWS's runtime prints of an error: the wire's members, then the error's own ones (code, …), and here its cause. */
export function toLogText(thrown: unknown): string {
  try {
    return stringify(logged(thrown, CAUSES_MAX));
  } catch {
    const { errorType, errorMessage, trace } = toErrorObject(thrown);
    return stringify({ errorType, errorMessage, stack: trace });
  }
}

/** `causesMax`: so many causes deep. One may be its own. */
function logged(thrown: unknown, causesMax: number): object {
  const { errorType, errorMessage, trace } = toErrorObject(thrown);
  if (!builtin("node:util").types.isNativeError(thrown)) return { errorType, errorMessage, stack: trace };
  const { cause } = thrown; // not enumerable where the constructor was given it
  const shown = isErrorLike(cause) && causesMax > 0 ? logged(cause, causesMax - 1) : cause;
  return { errorType, errorMessage, ...thrown, ...(cause !== undefined && { cause: shown }), stack: trace };
}

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  if (builtin("node:util").types.isNativeError(thrown)) return true;
  if (typeof thrown !== "object" || thrown === null) return false;
  return "name" in thrown && "message" in thrown && "stack" in thrown;
}

/** Text with frames of the sources, and without the lines that are frames of this runtime: nobody's concern but ours. */
export const withSourceFrames = (text: string): string =>
  text.includes(RUNTIME_ROOT)
    ? toSourceFrames(text)
        .split("\n")
        .filter((line) => !isOwnFrame(line))
        .join("\n")
    : toSourceFrames(text);

const isOwnFrame = (line: string): boolean => /^\s+at /.test(line) && line.includes(RUNTIME_ROOT);

/** The engine leaves the first line out of some stacks; AWS's traces always begin with `Type: message`. Our own frames are nobody's concern. */
function traceOf(stack: unknown, headline: string): string[] {
  if (typeof stack !== "string") return [headline];
  const lines = toSourceFrames(stack)
    .split("\n")
    .filter((line) => !isOwnFrame(line));
  return lines[0]?.startsWith("    at ") ? [headline, ...lines] : lines;
}

/** Where this code is: the executable's own file system, or the `runtime` folder. */
const RUNTIME_ROOT = import.meta.path.startsWith("/$bunfs/") ? "/$bunfs/" : dirname(dirname(import.meta.path));

function plainText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.getPrototypeOf(value) === null ? "[object Object]" : String(value);
}
