/**
 * Brings new code into place: unpacks it, checks and (TypeScript, JSX) bundles its handler, and moves the version from Pending (or its update
 * from InProgress) on. It starts when the change is acknowledged, goes on after a restart, and everybody who needs the version to be ready waits here.
 */
import { readFile } from "node:fs/promises";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { LATEST } from "../../core/states.ts";
import { type Archive, readArchive } from "../../packages/archive.ts";
import type { BundledHandler } from "../../packages/bundle/bundle-handler.ts";
import { unpackArchive } from "../../packages/unpack.ts";
import type { FunctionVersion, Store } from "../../store/port.ts";
import { type LayeredPlace, LayerTrees } from "../layers/layer-trees.ts";
import { warningsOf } from "./code-warnings.ts";
import type { HandlerChecks, HandlerCode } from "./handler-checks.ts";
import { Patience } from "./patience.ts";
import { isRunnable } from "./runtimes.ts";

export interface ActivationsDeps {
  readonly store: Store;
  readonly checks: HandlerChecks;
  readonly ids: Ids;
  readonly log: Log;
  /** After a version changed. */
  readonly onSettled: (functionName: string) => void;
}

export class Activations {
  readonly #deps: ActivationsDeps;
  readonly #running = new Map<string, Promise<void>>();
  /** What nobody waits for. */
  readonly #checking = new Set<Promise<unknown>>();
  /** Of the answers that wait for what `begin` answers. */
  readonly patience = new Patience();
  readonly #layerTrees: LayerTrees;

  constructor(deps: ActivationsDeps) {
    this.#deps = deps;
    this.#layerTrees = new LayerTrees(deps.store.packages);
  }

  /**
   * Begins with a version that was just stored; `archive` saves reading its package again. Answers what the check of its handler finds for
   * the owner to know, at once when that is known already; it never fails.
   */
  begin(version: FunctionVersion, archive?: Archive): Promise<readonly string[]> {
    const key = keyOf(version);
    const checked = Promise.withResolvers<readonly string[]>();
    const known = this.#deps.checks.known(codeOf(version));
    if (known) checked.resolve(warningsOf(version.settings, known.findings));
    const before = this.#running.get(key) ?? Promise.resolve();
    const mine: Promise<void> = before
      .then(() => this.#activate(version, archive, checked.resolve))
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error, function: version.functionName }, "Cannot activate a version");
        checked.resolve([]);
      })
      .finally(() => {
        if (this.#running.get(key) === mine) this.#running.delete(key);
      });
    this.#running.set(key, mine);
    return checked.promise;
  }

  /** What `begin` would find, for a version that is not to be stored. Waits for it. */
  async tryOut(version: FunctionVersion, archive: Archive): Promise<readonly string[]> {
    const { store, checks, log } = this.#deps;
    if (!isRunnable(version.settings.runtime ?? "")) return [];
    const release = store.packages.hold(version.code.sha256);
    try {
      await this.ensureUnpacked(version.code.sha256, archive);
      return this.#tell(version, await checks.check(codeOf(version)));
    } catch (error) {
      log.error({ err: error, function: version.functionName }, "Cannot try out a package");
      return [];
    } finally {
      release();
    }
  }

  /** Goes on with what an earlier run of the server left unfinished. */
  async resume(): Promise<void> {
    for (const version of await this.#deps.store.functions.listUnsettled()) void this.begin(version);
  }

  /** Resolves when nothing is under way that a call of this version needs, and sees to it that it comes next. */
  async settled(version: FunctionVersion): Promise<void> {
    const key = keyOf(version);
    this.#deps.checks.hasten(codeOf(version));
    for (let running = this.#running.get(key); running; running = this.#running.get(key)) await running;
  }

  /** Resolves when nothing is under way at all. */
  async allSettled(): Promise<void> {
    while (this.#running.size + this.#checking.size > 0)
      await Promise.all([...this.#running.values(), ...this.#checking]);
  }

  async #activate(
    version: FunctionVersion,
    archive: Archive | undefined,
    onChecked: (warnings: readonly string[]) => void,
  ): Promise<void> {
    const { store, ids, checks, onSettled } = this.#deps;
    const { functionName, version: number, revisionId: expectedRevisionId } = version;
    const settle = (failure?: { reason: string; code: string }) =>
      store.functions.settle({ functionName, version: number, expectedRevisionId, revisionId: ids.uuid(), failure });
    const release = store.packages.hold(version.code.sha256);
    try {
      await this.ensureInPlace(version, archive);
      const checking = this.#check(version);
      void checking.then(onChecked);
      if (checks.isBundled(codeOf(version))) await checking;
      await settle();
    } catch (error) {
      this.#deps.log.error({ err: error, function: functionName }, "Cannot unpack a package");
      onChecked([]);
      await settle({ reason: "The deployment package could not be unpacked.", code: "InternalError" });
    } finally {
      release();
    }
    onSettled(functionName);
  }

  async #check(version: FunctionVersion): Promise<readonly string[]> {
    const { checks } = this.#deps;
    if (!isRunnable(version.settings.runtime ?? "") || checks.isBehind) return [];
    const checking = checks.check(codeOf(version));
    this.#checking.add(checking);
    const checked = await checking;
    this.#checking.delete(checking);
    return this.#tell(version, checked);
  }

  /** Into the log, but for published versions: `$LATEST` has the same code when they come into being. */
  #tell({ functionName, version, settings }: FunctionVersion, { findings }: BundledHandler): readonly string[] {
    const warnings = warningsOf(settings, findings);
    if (version === LATEST) for (const text of warnings) this.#deps.log.warn({ function: functionName }, text);
    return warnings;
  }

  /** Where the version's code runs, with its layers if it has any. Like the unpacked tree, all of that is made again if need be. */
  async ensureInPlace(version: FunctionVersion, archive?: Archive): Promise<{ taskRoot: string } | LayeredPlace> {
    const { sha256 } = version.code;
    if (version.settings.layers.length === 0) return { taskRoot: await this.ensureUnpacked(sha256, archive) };
    const code = archive ?? (await this.#readPackage(sha256));
    await this.ensureUnpacked(sha256, code);
    return this.#layerTrees.ensure(version, code);
  }

  /** The unpacked tree is a cache of the zip: it may be gone, and is made again. */
  async ensureUnpacked(sha256: string, archive?: Archive): Promise<string> {
    const { packages } = this.#deps.store;
    const directory = packages.unpackedPath(sha256);
    await unpackArchive(archive ?? (await this.#readPackage(sha256)), directory);
    return directory;
  }

  /** What a call of the version loads in place of its handler's own file, if anything. The package has to be unpacked. */
  entryOf(version: FunctionVersion): Promise<string | undefined> {
    // Layers bring modules to the folder of the code: a bundle, which is elsewhere, would look for them in vain.
    return this.#deps.checks.entryOf(codeOf(version), { needsWhole: version.settings.layers.length > 0 });
  }

  async #readPackage(sha256: string): Promise<Archive> {
    const path = await this.#deps.store.packages.find(sha256);
    if (path === undefined) throw new Error(`The package ${sha256} is not in the store`);
    return readArchive(await readFile(path));
  }
}

const keyOf = (version: Pick<FunctionVersion, "functionName" | "version">): string =>
  `${version.functionName}:${version.version}`;

const codeOf = ({ code, settings }: FunctionVersion): HandlerCode => ({
  sha256: code.sha256,
  handler: settings.handler,
});
