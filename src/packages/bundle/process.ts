/**
 * The bundler's process: esbuild's WebAssembly build, which reads the package through a fence and writes nothing. `bundler.ts`
 * starts it; it ends when the channel to its host closes, which the end of the host does too, however that came about.
 *
 * esbuild's browser build brings a file system that refuses everything, unless there is a global `fs` already. It gets
 * ours, so that its resolver (package.json, tsconfig.json, node_modules) works on real files.
 */
import { setPriority } from "node:os";
import * as path from "node:path";
import wasmPath from "esbuild-wasm/esbuild.wasm" with { type: "file" };
import { buildBundle, type Esbuild } from "./build-bundle.ts";
import { FencedFs } from "./fenced-fs.ts";
import { limitMemory } from "./limit-memory.ts";
import type { BundleRequest, BundlerMessage } from "./messages.ts";

/** The AWS SDK's Lambda client takes about 200 MiB. */
const MEMORY_BYTES_MAX = 512 * 1024 * 1024;
/** Calls come first. */
const NICENESS = 19;

const fence = new FencedFs();
let starting: Promise<Esbuild> | undefined;
let currentId = 0;
let lastWords = "";

/** Answers one request after another until the host is gone. */
export function runBundler(): void {
  setPriority(NICENESS);
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: BundleRequest) => void take(request));
}

async function take({ id, directory, handlerFile }: BundleRequest): Promise<void> {
  currentId = id;
  try {
    starting ??= startEsbuild();
    const esbuild = await starting;
    fence.enter(directory);
    answer({ id, reply: await buildBundle(esbuild, handlerFile) });
  } catch (error) {
    answer({ id, broken: String(error) });
  }
}

async function startEsbuild(): Promise<Esbuild> {
  Object.assign(globalThis, { fs: fence, path });
  listenForItsEnd();
  const esbuild = await import("esbuild-wasm/lib/browser.js");
  const wasm = limitMemory(await Bun.file(wasmPath).bytes(), MEMORY_BYTES_MAX);
  await esbuild.initialize({ wasmModule: await WebAssembly.compile(wasm), worker: false });
  return esbuild;
}

/**
 * When Go ends for want of memory, esbuild's promise stays open; all there is to see is the console: Go's error output
 * through `log`, then its loader's "exit code:" through `warn`.
 */
function listenForItsEnd(): void {
  console.log = (text: unknown) => {
    lastWords ||= String(text).split("\n", 1)[0] ?? "";
  };
  console.warn = () => answer({ id: currentId, broken: `esbuild ended with "${lastWords}"` });
}

const answer = (message: BundlerMessage): void => void process.send?.(message);
