/**
 * Which file a handler string means, for runtimes in Node's manner.
 * Source: aws-lambda-nodejs-runtime-interface-client, UserFunction (split at the first dot of the last path part).
 *
 * **By design** TypeScript and JSX follow Node's own extensions; a folder's `index` file is not tried, nor are packages in
 * `node_modules`.
 */

import { statSync } from "node:fs";
import { join } from "node:path";

/** In the order they are tried: the bare name first, then what Node runs, then what has to be bundled. */
const EXTENSIONS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"] as const;

/** `module` is the path without its extension, `exportName` may have dots (`api.users.get`). */
export interface HandlerParts {
  readonly module: string;
  readonly exportName: string;
}

/** Splits `dir/file.a.b` into `dir/file` and `a.b`; undefined when either would be empty or the path leaves the package. */
export function splitHandler(handler: string): HandlerParts | undefined {
  const nameAt = handler.lastIndexOf("/") + 1;
  const dotAt = handler.indexOf(".", nameAt);
  if (dotAt <= nameAt || dotAt === handler.length - 1) return undefined;
  const parts = handler.slice(0, dotAt).split("/");
  if (parts.includes("..")) return undefined;
  return {
    module: parts.filter((part) => part !== "" && part !== ".").join("/"),
    exportName: handler.slice(dotAt + 1),
  };
}

/** The file of the package that `handler` names, or undefined when none does. `fileNames` are paths inside the package. */
export function findHandlerFile(fileNames: Iterable<string>, handler: string): string | undefined {
  const parts = splitHandler(handler);
  if (parts === undefined) return undefined;
  const present = new Set(fileNames);
  return EXTENSIONS.map((extension) => parts.module + extension).find((name) => present.has(name));
}

/** The module that a call loads for `handler` from an unpacked package: as above, but for the bare name, which is never loaded. */
export function handlerModuleIn(directory: string, handler: string): string | undefined {
  const parts = splitHandler(handler);
  if (parts === undefined) return undefined;
  return EXTENSIONS.filter((extension) => extension !== "")
    .map((extension) => parts.module + extension)
    .find((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isFile());
}
