/**
 * Finds and loads what a handler string names. `dir/file.a.b` is the export `a.b` of `dir/file` with the first extension that exists, or of
 * the bundle that was made of that file.
 * Error types and messages are those of AWS's Node.js runtime.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { InitFrame } from "../protocol.ts";
import type { HandlerContext } from "./context.ts";
import { offerDenoServe } from "./deno-serve.ts";
import { type ErrorObject, toErrorObject } from "./error-object.ts";
import { fetchHandler } from "./fetch-handler.ts";
import { setBundle, toSourceFrames } from "./source-frames.ts";

export type Callback = (error?: unknown, result?: unknown) => void;
export type Handler = (event: unknown, context: HandlerContext, callback: Callback) => unknown;

export const HANDLER_EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"] as const;

/** A handler that cannot be had, as the client sees it. */
export class HandlerLoadError extends Error {
  constructor(readonly wire: ErrorObject) {
    super(wire.errorMessage);
  }
}

/** @throws HandlerLoadError, whatever went wrong. */
export async function loadHandler(init: Pick<InitFrame, "taskRoot" | "handler" | "entry">): Promise<Handler> {
  const { taskRoot, handler, entry } = init;
  const { directory, file, path } = parseHandler(handler);
  const modulePath = findModule(resolve(taskRoot, directory), file, taskRoot);
  const isBundled = entry !== undefined && existsSync(entry);
  if (isBundled) setBundle({ entry, taskRoot, handlerFile: modulePath });
  const loadedPath = isBundled ? entry : modulePath;
  try {
    const deno = offerDenoServe(loadedPath);
    const imported = import(loadedPath);
    // Whoever calls Deno.serve answers from then on; what is exported is known a moment later, if ever.
    const loaded: unknown = await (deno ? Promise.race([imported, deno.called.then(() => Bun.sleep(0))]) : imported);
    if (loaded === undefined) void imported.then(); // what goes wrong from here on ends the environment
    return pick(loaded ?? {}, { path, handler, served: deno?.handler });
  } catch (error) {
    throw error instanceof HandlerLoadError ? error : new HandlerLoadError(describeLoadFailure(error, modulePath));
  }
}

interface ParsedHandler {
  readonly directory: string;
  readonly file: string;
  readonly path: readonly string[];
}

function parseHandler(handler: string): ParsedHandler {
  const name = basename(handler);
  const [file = "", ...path] = name.split(".");
  if (file === "" || path.length === 0 || path.includes(""))
    throw failure("Runtime.MalformedHandlerName", "Bad handler");
  if (handler.split("/").includes("..")) {
    throw failure(
      "Runtime.MalformedHandlerName",
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  return { directory: dirname(handler), file, path };
}

function findModule(directory: string, file: string, taskRoot: string): string {
  const base = join(directory, file);
  const inside = base.startsWith(resolve(taskRoot) + sep);
  const extension = HANDLER_EXTENSIONS.find((candidate) => existsSync(base + candidate));
  if (!inside || extension === undefined) {
    throw failure(
      "Runtime.ImportModuleError",
      `Error: Cannot find module '${file}'\nRequire stack:\n- the handler of this function`,
    );
  }
  return base + extension;
}

/**
 * ES modules export by name, CommonJS ones by property; what a bundler wraps sits under `default`. An object with a `fetch` is a handler,
 * too: the one that is named, or else the default export; and last what was handed to `Deno.serve`. A `fetch` that is exported by name is a
 * handler like any other.
 */
function pick(
  loaded: unknown,
  { path, handler, served }: { path: readonly string[]; handler: string; served: Handler | undefined },
): Handler {
  const main = (loaded as { default?: unknown }).default;
  const named = walk(loaded, path);
  const found = named ?? walk(main, path);
  const isOwn = named === undefined || path[0] === "default";
  const isMainsFetch = isOwn && found !== undefined && found === (main as { fetch?: unknown } | undefined)?.fetch;
  if (typeof found === "function" && !isMainsFetch) return found as Handler;
  const answering = found === undefined || isMainsFetch ? (fetchHandler(main) ?? served) : fetchHandler(found);
  if (answering) return answering;
  throw failure(
    "Runtime.HandlerNotFound",
    `${handler} is ${found === undefined ? "undefined or not exported" : "not a function"}`,
  );
}

function walk(value: unknown, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const name of path) {
    if (at === null || (typeof at !== "object" && typeof at !== "function")) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

interface EngineError {
  readonly name?: string;
  readonly message?: string;
  readonly position?: {
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
    readonly lineText?: string;
  };
  readonly errors?: readonly EngineError[];
}

/** A minified file may be one line of megabytes. */
const SHOWN_LINE_LENGTH_MAX = 1000;

/** The engine reports a file that it cannot parse as BuildMessage and an import that it cannot find as ResolveMessage. */
function describeLoadFailure(error: unknown, modulePath: string): ErrorObject {
  const reported = error as EngineError;
  const first = reported?.name === "AggregateError" ? (reported.errors?.[0] ?? reported) : reported;
  if (first?.name === "ResolveMessage") {
    const message = `Error: ${toSourceFrames(first.message ?? "Cannot find module")}`;
    const stack = message.includes("\nRequire stack:") ? "" : `\nRequire stack:\n- ${modulePath}`;
    return wire("Runtime.ImportModuleError", message + stack);
  }
  if (first?.name === "BuildMessage" || first?.name === "SyntaxError") {
    const { file, line, column, lineText } = first.position ?? {};
    const shown = lineText !== undefined && lineText.length <= SHOWN_LINE_LENGTH_MAX ? lineText : "";
    const place =
      file === undefined
        ? []
        : [`${file}:${line}`, ...(shown ? [shown, `${" ".repeat(Math.max(0, (column ?? 1) - 1))}^`] : [])];
    const message = `SyntaxError: ${first.message ?? "unknown"}`;
    return {
      errorType: "Runtime.UserCodeSyntaxError",
      errorMessage: message,
      trace: [...place, `Runtime.UserCodeSyntaxError: ${message}`],
    };
  }
  return toErrorObject(error);
}

const wire = (errorType: string, errorMessage: string): ErrorObject => ({
  errorType,
  errorMessage,
  trace: `${errorType}: ${errorMessage}`.split("\n"),
});

const failure = (errorType: string, errorMessage: string): HandlerLoadError =>
  new HandlerLoadError(wire(errorType, errorMessage));
