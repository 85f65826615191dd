/** One bundle: what esbuild is told, and its answer in our words. Runs in the bundler's process. */
import type { BuildFailure, BuildOptions, BuildResult, Message } from "esbuild-wasm";
import { TASK_ROOT } from "./fenced-fs.ts";
import type { BundleReply, MissingModule, ModuleFormat, Note } from "./messages.ts";

/** The part of esbuild that is used; its browser build and its Node build share it. */
export type Esbuild = Pick<typeof import("esbuild-wasm"), "build">;

/** Leaving the missing modules out may bring others to light, but not forever. */
const ROUNDS_MAX = 4;
const CANNOT_RESOLVE = /^Could not resolve "(.+)"$/s;

/** Messages that esbuild keeps to itself unless asked, and that mean that a bundle would not behave like its sources. */
export const UNBUNDLABLE = [
  "unsupported-require-call",
  "unsupported-dynamic-import",
  "empty-import-meta",
  "require-resolve-not-external",
  "indirect-require",
] as const;

/** Bundles the handler's module with all it imports. Modules that are not there stay imports, and are listed. */
export async function buildBundle(esbuild: Esbuild, handlerFile: string): Promise<BundleReply> {
  const missing: MissingModule[] = [];
  let format: ModuleFormat = handlerFile.endsWith(".cts") || handlerFile.endsWith(".cjs") ? "cjs" : "esm";
  for (let round = 1; ; round++) {
    try {
      const result = await esbuild.build(optionsFor({ handlerFile, format, missing }));
      const source = result.metafile.inputs[handlerFile]?.format ?? format;
      if (source === format) return bundleOf(result, { format, missing });
      format = source; // only esbuild knows what a `.ts` without a package.json is: the second round makes the same of it
    } catch (error) {
      const errors = (error as Partial<BuildFailure>).errors;
      if (errors === undefined) throw error;
      const unresolved = errors.flatMap(missingModule);
      if (unresolved.length < errors.length || round === ROUNDS_MAX)
        return { kind: "refused", errors: errors.map(noteOf) };
      missing.push(...unresolved);
    }
  }
}

const optionsFor = (input: { handlerFile: string; format: ModuleFormat; missing: readonly MissingModule[] }) =>
  ({
    absWorkingDir: TASK_ROOT,
    entryPoints: [`./${input.handlerFile}`],
    outfile: `${TASK_ROOT}/${input.format === "esm" ? "index.mjs" : "index.cjs"}`,
    external: input.missing.map((module) => module.specifier),
    bundle: true,
    write: false as const,
    metafile: true as const,
    sourcemap: "linked",
    sourceRoot: `${TASK_ROOT}/`,
    sourcesContent: false, // the sources are in the package
    keepNames: true, // a class that has to be renamed keeps the `name` that error types come from
    format: input.format,
    platform: "node",
    target: "esnext",
    legalComments: "none",
    logLevel: "silent",
    logLimit: 50,
    logOverride: Object.fromEntries(UNBUNDLABLE.map((id) => [id, "warning" as const])),
  }) satisfies BuildOptions;

type Built = BuildResult<{ write: false; metafile: true }>;

function bundleOf(result: Built, facts: { format: ModuleFormat; missing: readonly MissingModule[] }): BundleReply {
  const [sourceMap, code] = result.outputFiles;
  if (code === undefined || sourceMap === undefined) throw new Error("esbuild made no output");
  const [output] = Object.values(result.metafile.outputs).filter((each) => each.entryPoint !== undefined);
  // What `export * from` a module that stays outside brings along, and what CommonJS sets, is only known at run time.
  const known = facts.format === "esm" && !/^export \* from /m.test(code.text);
  return {
    kind: "bundle",
    format: facts.format,
    exports: known ? (output?.exports ?? []) : undefined,
    code: code.contents,
    sourceMap: sourceMap.contents,
    missing: facts.missing,
    notes: result.warnings.map(noteOf),
  };
}

function missingModule(error: Message): MissingModule[] {
  const specifier = CANNOT_RESOLVE.exec(error.text)?.[1];
  if (specifier === undefined || error.location === null) return []; // without a location it is the handler's own file
  return [{ specifier, importer: error.location.file, line: error.location.line }];
}

const noteOf = ({ id, text, location }: Message): Note =>
  location === null
    ? { id, text }
    : { id, text, file: location.file, line: location.line, column: location.column + 1 };
