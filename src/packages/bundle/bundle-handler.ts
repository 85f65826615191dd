/**
 * Looks at a handler's sources before they are ever called, and makes one module of those that are TypeScript or JSX: with
 * its `tsconfig.json` (paths, decorators) and its imports followed once, not at every cold start.
 *
 * **By design** nothing is ever refused: what is found wrong is a warning, and sources that a bundle could change the
 * meaning of are run as they are.
 */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inTurn, removeTree, replaceDirectory } from "../whole-directory.ts";
import { UNBUNDLABLE } from "./build-bundle.ts";
import { type Bundler, BundlerFailure } from "./bundler.ts";
import type { BundleReply, Note } from "./messages.ts";

/** Raised when the same sources would now give another bundle. */
const REVISION = 1;
const RECORD = "bundle.json";
const WARNINGS_MAX = 20;
const NEEDS_BUNDLING = /\.(ts|mts|cts|tsx|jsx)$/;
/** Code that asks where it is. In a bundle the answer would be another. */
const OWN_PLACE = /\b__(?:dir|file)name\b|\bimport\.meta\b/;

export interface HandlerSource {
  /** The unpacked package. */
  readonly directory: string;
  /** Path inside it, as `findHandlerFile` answers. */
  readonly handlerFile: string;
  /** The part of the handler string after the file: `handler`, `api.users.get`. */
  readonly exportName: string;
  /** Where the bundle goes, a folder of its own. Give every (package, handler) another one. */
  readonly outDirectory: string;
}

/** `entry` is the path of the module to load. Warnings are whole sentences for the function's owner. */
export type BundledHandler =
  | { readonly kind: "bundled"; readonly entry: string; readonly warnings: readonly string[] }
  | { readonly kind: "as-is"; readonly warnings: readonly string[] };

/** Checks a handler and bundles it if need be. What an earlier call found out for the same `outDirectory` is taken from there. */
export const bundleHandler = (bundler: Bundler, source: HandlerSource): Promise<BundledHandler> =>
  inTurn(source.outDirectory, async () => {
    const known = await readRecord(source);
    if (known !== undefined) return known;
    let reply: BundleReply;
    try {
      reply = await bundler.bundle({ directory: source.directory, handlerFile: source.handlerFile });
    } catch (error) {
      if (!(error instanceof BundlerFailure)) throw error;
      return { kind: "as-is", warnings: [`Cannot check ${source.handlerFile}: ${error.message}`] };
    }
    return keep(source, reply);
  });

/** Removes what `bundleHandler` left in `outDirectory`. */
export const removeBundle = (outDirectory: string): Promise<void> =>
  inTurn(outDirectory, () => removeTree(outDirectory));

async function keep(source: HandlerSource, reply: BundleReply): Promise<BundledHandler> {
  const warnings = warningsOf(source, reply);
  const obstacle = obstacleTo(reply);
  const wanted = NEEDS_BUNDLING.test(source.handlerFile);
  if (wanted && obstacle !== undefined && (reply.kind === "bundle" || warnings.length === 0))
    warnings.push(`Cannot bundle ${source.handlerFile}: ${obstacle}. It is run as it is`);
  const bundle = wanted && obstacle === undefined && reply.kind === "bundle" ? reply : undefined;
  const name = bundle?.format === "cjs" ? "index.cjs" : "index.mjs";
  const result: BundledHandler =
    bundle === undefined
      ? { kind: "as-is", warnings }
      : { kind: "bundled", entry: join(source.outDirectory, name), warnings };
  await replaceDirectory(source.outDirectory, async (temporary) => {
    if (bundle !== undefined) {
      await writeSynced(join(temporary, name), bundle.code);
      await writeSynced(join(temporary, `${name}.map`), bundle.sourceMap);
    }
    await writeSynced(join(temporary, RECORD), Buffer.from(JSON.stringify({ ...keyOf(source), result })));
  });
  return result;
}

function warningsOf(source: HandlerSource, reply: BundleReply): string[] {
  if (reply.kind === "refused") {
    const own = reply.errors.filter((note) => !isInstalled(note.file));
    return own.slice(0, WARNINGS_MAX).map((note) => `Cannot make sense of ${placeOf(note)}: ${note.text}`);
  }
  const warnings = reply.missing
    .filter((module) => !isInstalled(module.importer))
    .slice(0, WARNINGS_MAX)
    .map(
      ({ specifier, importer, line }) =>
        `Cannot find the module "${specifier}" in the package: ${placeOf({ file: importer, line })} imports it`,
    );
  const [name = ""] = source.exportName.split(".");
  if (reply.exports !== undefined && !reply.exports.includes(name))
    warnings.push(
      `Cannot find the export "${name}" in ${source.handlerFile}: calls will end with Runtime.HandlerNotFound`,
    );
  return warnings;
}

/** Why sources have to run as they are, continuing "Cannot bundle x: …". */
function obstacleTo(reply: BundleReply): string | undefined {
  if (reply.kind === "refused") {
    const [first] = reply.errors;
    return first === undefined ? "esbuild refuses it" : `${placeOf(first)}: ${first.text}`;
  }
  const note = reply.notes.find(({ id }) => UNBUNDLABLE.some((each) => each === id));
  if (note !== undefined) return `${placeOf(note)} loads modules that are only known when it runs`;
  if (OWN_PLACE.test(Buffer.from(reply.code).toString())) return "it, or a module it imports, asks where its file is";
  return undefined;
}

/** Failures inside installed packages are for their authors, and often meant to be caught. */
const isInstalled = (file: string | undefined): boolean => file?.split("/").includes("node_modules") ?? false;

const placeOf = ({ file, line, column }: Pick<Note, "file" | "line" | "column">): string =>
  [file ?? "the sources", line, column].filter((part) => part !== undefined).join(":");

const keyOf = ({ handlerFile, exportName }: HandlerSource) => ({ revision: REVISION, handlerFile, exportName });

async function readRecord(source: HandlerSource): Promise<BundledHandler | undefined> {
  try {
    const { result, ...key } = JSON.parse(await readFile(join(source.outDirectory, RECORD), "utf8"));
    return Bun.deepEquals(key, keyOf(source)) ? result : undefined;
  } catch {
    return undefined; // not there, or cut short by a power loss
  }
}

/** There is nothing to check a bundle against later, so its bytes reach the disk before its name does. */
async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o444);
  try {
    await file.writeFile(bytes);
    await file.chmod(0o444);
    await file.sync();
  } finally {
    await file.close();
  }
}
