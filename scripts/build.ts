/**
 * Makes the executable: `--outfile FILE` for this machine, `--all-targets` for every platform that Lambent is published for
 * (`--targets linux-x64,darwin-arm64` for some of them) with a SHA256SUMS beside them. A build is made in a folder of its
 * own and renamed into place when it is whole, so an interrupted one leaves the executable of before.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = dirname(import.meta.dir);
const DIST = join(ROOT, "dist");
const CACHE = join(ROOT, "node_modules/.cache/bun");

/**
 * The workers are named a second time in `runtime/runner/worker-url.ts` and `guard-thread-url.ts`: an entry point keeps its path below `root`, and in the
 * executable `new Worker("./runtime/worker/main.ts")` finds it there whatever the working directory holds. The leading `./` is
 * needed; a path with `../` would be looked up on disk.
 */
const ENTRY_POINTS = [
  "src/main.ts",
  "runtime/worker/main.ts",
  "runtime/worker/redirected.ts",
  "src/sandbox/guard/guard-thread.ts",
];

/**
 * With .env files off, Bun writes these into a function's code as the literals that they were when the process started, and
 * "development" for a NODE_ENV that was not set (github.com/oven-sh/bun/pull/38672). Defined as themselves they are read when the
 * code runs.
 */
const READ_AT_RUN_TIME = ["process.env.NODE_ENV", "process.env.BUN_ENV", "process.browser"];

interface Target {
  /** As in our file names: `lambent-<name>`. */
  name: string;
  bun: Bun.Build.CompileTarget;
  /** The package that holds Bun's executable for this platform; `bun` itself lists it, so the lock file has its digest. */
  npmPackage: string;
}

const TARGETS: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64", npmPackage: "@oven/bun-linux-x64" },
  { name: "linux-arm64", bun: "bun-linux-arm64", npmPackage: "@oven/bun-linux-aarch64" },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl", npmPackage: "@oven/bun-linux-x64-musl" },
  { name: "linux-arm64-musl", bun: "bun-linux-arm64-musl", npmPackage: "@oven/bun-linux-aarch64-musl" },
  { name: "darwin-x64", bun: "bun-darwin-x64", npmPackage: "@oven/bun-darwin-x64" },
  { name: "darwin-arm64", bun: "bun-darwin-arm64", npmPackage: "@oven/bun-darwin-aarch64" },
];

const manifest: { version: string; devDependencies: { bun: string } } = await Bun.file(
  join(ROOT, "package.json"),
).json();

const scratches = new Set<string>();
process.on("exit", () => scratches.forEach(discard));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  const shown = error instanceof AggregateError ? error.errors.map((each) => Bun.inspect(each)) : [String(error)];
  console.error(shown.join("\n"));
  process.exit(1);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { outfile: { type: "string" }, targets: { type: "string" }, "all-targets": { type: "boolean" } },
  });
  if (values.outfile !== undefined) return compile({ outfile: join(process.cwd(), values.outfile) });
  if (values.targets === undefined && !values["all-targets"])
    throw new Error("Cannot build: say --outfile FILE or --all-targets");
  await compileTargets(values["all-targets"] ? TARGETS : (values.targets?.split(",").map(targetNamed) ?? []));
}

function targetNamed(name: string): Target {
  const target = TARGETS.find((each) => each.name === name);
  if (!target)
    throw new Error(`Cannot build "${name}": the targets are ${TARGETS.map((each) => each.name).join(", ")}`);
  return target;
}

async function compileTargets(targets: readonly Target[]): Promise<void> {
  const sums: string[] = [];
  for (const target of targets) {
    const outfile = join(DIST, `lambent-${target.name}`);
    await compile({ outfile, target: target.bun, executablePath: bunFor(target) });
    sums.push(`${createHash("sha256").update(readFileSync(outfile)).digest("hex")}  ${basename(outfile)}\n`);
  }
  writeFileSync(join(DIST, "SHA256SUMS"), sums.join(""));
}

async function compile(options: {
  outfile: string;
  target?: Bun.Build.CompileTarget;
  executablePath?: string;
}): Promise<void> {
  const { outfile, ...compileFor } = options;
  const startedMs = performance.now();
  // The file's name shows in stack traces, so the folder is the temporary part of it. Beside the target, for an atomic rename.
  const scratch = scratchIn(dirname(outfile));
  process.chdir(scratch); // where Bun keeps its own temporary file
  try {
    const built = join(scratch, basename(outfile));
    await Bun.build({
      entrypoints: ENTRY_POINTS.map((path) => join(ROOT, path)),
      root: ROOT,
      target: "bun",
      format: "esm", // bytecode alone would mean CommonJS, which has no top-level await
      splitting: true, // what a runner does not import is not loaded either: 5 ms of each cold call
      minify: true,
      bytecode: true,
      define: { BUILD_VERSION: JSON.stringify(manifest.version), BUILD_COMMIT: JSON.stringify(commit()) },
      compile: {
        outfile: built,
        ...compileFor,
        execArgv: READ_AT_RUN_TIME.map((name) => `--define=${name}:${name}`),
        // A function's own files must not configure its runner.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        // Off, this would forbid more than its name says: the resolver then reads no package.json at all, and a handler finds
        // neither the "main" nor the "exports" of what is in its node_modules (github.com/oven-sh/bun/issues/27058).
        autoloadPackageJson: true,
      },
    });
    chmodSync(built, 0o755);
    renameSync(built, outfile);
  } finally {
    process.chdir(ROOT);
    discard(scratch);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`Built ${outfile.replace(`${ROOT}/`, "")} (${manifest.version}, ${commit()}) in ${seconds} s`);
}

/** The commit that the sources are at, `-dirty` when they differ from it; LAMBENT_BUILD_COMMIT where there is no repository. */
function commit(): string {
  const given = process.env.LAMBENT_BUILD_COMMIT;
  if (given) return given;
  if (!existsSync(join(ROOT, ".git")) || !Bun.which("git")) return "unknown"; // a repository further up is someone else's
  const git = (...args: string[]) => Bun.spawnSync(["git", "-C", ROOT, ...args], { stderr: "ignore" });
  const head = git("rev-parse", "--short=12", "--verify", "HEAD");
  if (!head.success) return "unknown";
  const dirty = git("status", "--porcelain", "--", "src", "runtime", "package-lock.json").stdout.length > 0;
  return head.stdout.toString().trim() + (dirty ? "-dirty" : "");
}

/** Bun's executable for another platform, from the package that carries it, in the pinned version and with the locked digest. */
function bunFor(target: Target): string {
  const version = manifest.devDependencies.bun;
  const folder = join(CACHE, `${basename(target.npmPackage)}-${version}`);
  const executable = join(folder, "package/bin/bun");
  if (existsSync(executable)) return executable;
  const scratch = scratchIn(CACHE);
  try {
    console.log(`Fetching ${target.npmPackage}@${version}`);
    run(["npm", "pack", `${target.npmPackage}@${version}`, "--silent", "--pack-destination", scratch]);
    const [tarball] = [...new Bun.Glob("*.tgz").scanSync({ cwd: scratch, absolute: true })];
    if (!tarball) throw new Error(`Cannot fetch ${target.npmPackage}@${version}: npm pack left no file`);
    const digest = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
    if (digest !== lockedDigest(target.npmPackage)) {
      throw new Error(
        `Cannot use ${target.npmPackage}@${version}: its digest ${digest} is not the one in package-lock.json`,
      );
    }
    run(["tar", "-xzf", tarball, "-C", scratch]);
    rmSync(tarball);
    renameSync(scratch, folder);
  } finally {
    discard(scratch);
  }
  return executable;
}

/** A new folder on the same disk as what it is for; gone when the process ends, whatever ends it short of SIGKILL. */
function scratchIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, ".unfinished-"));
  scratches.add(scratch);
  return scratch;
}

function discard(scratch: string): void {
  rmSync(scratch, { recursive: true, force: true });
  scratches.delete(scratch);
}

function lockedDigest(npmPackage: string): string | undefined {
  const lock: { packages: Record<string, { integrity?: string }> } = JSON.parse(
    readFileSync(join(ROOT, "package-lock.json"), "utf8"),
  );
  return lock.packages[`node_modules/${npmPackage}`]?.integrity;
}

function run(command: string[]): void {
  const { success, exitCode } = Bun.spawnSync(command, { stdout: "ignore", stderr: "inherit" });
  if (!success) throw new Error(`Cannot run "${command.join(" ")}": exit code ${exitCode}`);
}
