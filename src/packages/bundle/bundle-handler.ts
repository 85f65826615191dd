/**
 * Looks at a handler's sources before they are ever called, and makes one module of those that are TypeScript or JSX: with
 * its `tsconfig.json` (paths, decorators) and its imports followed once, not at every cold start.
 *
 * **By design** nothing is ever refused: what is found wrong is told, and sources that a bundle could change the
 * meaning of are run as they are.
 */
import { existsSync } from "node:fs";
import { chmod, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inTurn } from "../../core/in-turn.ts";
import { removeTree, replaceDirectory } from "../whole-directory.ts";
import { UNBUNDLABLE } from "./build-bundle.ts";
import { type Bundler, BundlerClosed, BundlerFailure } from "./bundler.ts";
import type { Bundle, BundleReply, Note } from "./messages.ts";

/** Raised when the same sources would now give another bundle. */
const REVISION = 3;
const RECORD = "bundle.json";
const FINDINGS_MAX = 20;
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

/** Something that the function's owner should know: a whole sentence. */
export interface Finding {
  readonly text: string;
  /** The module that is not in the package, as it is imported, and where that is. */
  readonly missing?: { readonly specifier: string; readonly place: string };
}

export type BundledHandler =
  | {
      readonly kind: "bundled";
      /** The path of the module to load. */
      readonly entry: string;
      /** Nothing that it imports is looked for outside it. */
      readonly isWhole: boolean;
      readonly isChecked: true;
      readonly findings: readonly Finding[];
    }
  | {
      readonly kind: "as-is";
      /** The same sources would be found the same way again. */
      readonly isChecked: boolean;
      readonly findings: readonly Finding[];
    };

/** Whether a handler's file is one that is made into a bundle, not only checked. */
export const needsBundling = (handlerFile: string): boolean => NEEDS_BUNDLING.test(handlerFile);

/**
 * Checks a handler and bundles it if need be. What an earlier call made of TypeScript or JSX for the same `outDirectory` is
 * taken from there; nothing is kept of a handler that is only checked.
 */
export const bundleHandler = (bundler: Bundler, source: HandlerSource): Promise<BundledHandler> =>
  inTurn(source.outDirectory, async () => {
    const known = await readRecord(source);
    if (known !== undefined) return known;
    let reply: BundleReply;
    try {
      reply = await bundler.bundle({ directory: source.directory, handlerFile: source.handlerFile });
    } catch (error) {
      if (!(error instanceof BundlerFailure)) throw error;
      const findings =
        error instanceof BundlerClosed ? [] : [{ text: `Cannot check ${source.handlerFile}: ${error.message}` }];
      return { kind: "as-is", isChecked: false, findings };
    }
    return keep(source, reply);
  });

/** Removes what `bundleHandler` left in `outDirectory`. */
export const removeBundle = (outDirectory: string): Promise<void> =>
  inTurn(outDirectory, () => removeTree(outDirectory));

async function keep(source: HandlerSource, reply: BundleReply): Promise<BundledHandler> {
  const findings = findingsOf(source, reply);
  if (!needsBundling(source.handlerFile)) return { kind: "as-is", isChecked: true, findings };
  const obstacle = obstacleTo(reply);
  if (obstacle !== undefined && (reply.kind === "bundle" || findings.length === 0))
    findings.push({ text: `Cannot bundle ${source.handlerFile}: ${obstacle}. It is run as it is` });
  const bundle = obstacle === undefined && reply.kind === "bundle" ? reply : undefined;
  const name = bundle && (bundle.format === "cjs" ? "index.cjs" : "index.mjs");
  const record: BundleRecord = {
    ...keyOf(source),
    ...(bundle && name && { module: { name, isWhole: bundle.missing.length === 0 } }),
    findings,
  };
  await replaceDirectory(source.outDirectory, async (temporary) => {
    if (bundle !== undefined) {
      await writeSynced(join(temporary, `${name}`), bundle.code);
      await writeSynced(join(temporary, `${name}.map`), bundle.sourceMap);
    }
    await writeSynced(join(temporary, RECORD), Buffer.from(JSON.stringify(record)));
    await chmod(temporary, 0o755); // runners enter it, which may be another user's
  });
  return handlerOf(source, record);
}

const handlerOf = ({ outDirectory }: HandlerSource, { module, findings }: BundleRecord): BundledHandler =>
  module === undefined
    ? { kind: "as-is", isChecked: true, findings }
    : { kind: "bundled", entry: join(outDirectory, module.name), isWhole: module.isWhole, isChecked: true, findings };

function findingsOf(source: HandlerSource, reply: BundleReply): Finding[] {
  if (reply.kind === "refused") {
    const own = reply.errors.filter((note) => !isInstalled(note.file));
    return own.slice(0, FINDINGS_MAX).map((note) => ({ text: `Cannot make sense of ${placeOf(note)}: ${note.text}` }));
  }
  const findings: Finding[] = reply.missing
    .filter((module) => !isInstalled(module.importer))
    .slice(0, FINDINGS_MAX)
    .map(({ specifier, importer, line }) => {
      const place = placeOf({ file: importer, line });
      const text = `Cannot find the module "${specifier}" in the package: ${place} imports it`;
      return { text, missing: { specifier, place } };
    });
  const [name = ""] = source.exportName.split(".");
  if (reply.exports !== undefined && !reply.exports.includes(name) && !mayAnswerRequests(reply))
    findings.push({
      text: `Cannot find the export "${name}" in ${source.handlerFile}: calls will end with Runtime.HandlerNotFound`,
    });
  return findings;
}

/** A default export may be an object with the export in it, or one with a `fetch`; `Deno.serve` needs no export at all. */
const mayAnswerRequests = ({ exports, code }: Bundle): boolean =>
  exports?.includes("default") || Buffer.from(code.buffer, code.byteOffset, code.length).includes("Deno.serve");

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

/** What is kept beside the bundle; there is no `module` when the sources are run as they are. */
interface BundleRecord {
  readonly revision: number;
  readonly handlerFile: string;
  readonly exportName: string;
  readonly module?: { readonly name: string; readonly isWhole: boolean };
  readonly findings: readonly Finding[];
}

const keyOf = ({ handlerFile, exportName }: HandlerSource) => ({ revision: REVISION, handlerFile, exportName });

async function readRecord(source: HandlerSource): Promise<BundledHandler | undefined> {
  if (!needsBundling(source.handlerFile)) return undefined;
  try {
    const text = await readFile(join(source.outDirectory, RECORD), "utf8");
    const record: BundleRecord = JSON.parse(text);
    const { revision, handlerFile, exportName } = record;
    if (!Bun.deepEquals({ revision, handlerFile, exportName }, keyOf(source))) return undefined;
    const handler = handlerOf(source, record);
    return handler.kind === "as-is" || existsSync(handler.entry) ? handler : undefined;
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
