/**
 * Brings new code into place: unpacks it and moves the version from Pending (or its update from InProgress) on. It starts when the change is
 * acknowledged, goes on after a restart, and everybody who needs the version to be ready waits here.
 */
import { readFile } from "node:fs/promises";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { type Archive, readArchive } from "../../packages/archive.ts";
import { unpackArchive } from "../../packages/unpack.ts";
import type { FunctionVersion, Store } from "../../store/port.ts";

export interface ActivationsDeps {
  readonly store: Store;
  readonly ids: Ids;
  readonly log: Log;
  /** After a version changed. */
  readonly onSettled: (functionName: string) => void;
}

export class Activations {
  readonly #deps: ActivationsDeps;
  readonly #running = new Map<string, Promise<void>>();

  constructor(deps: ActivationsDeps) {
    this.#deps = deps;
  }

  /** Begins with a version that was just stored; `archive` saves reading its package again. */
  begin(version: FunctionVersion, archive?: Archive): void {
    const key = keyOf(version);
    const before = this.#running.get(key) ?? Promise.resolve();
    const mine: Promise<void> = before
      .then(() => this.#activate(version, archive))
      .catch((error: unknown) =>
        this.#deps.log.error({ err: error, function: version.functionName }, "Cannot activate a version"),
      )
      .finally(() => {
        if (this.#running.get(key) === mine) this.#running.delete(key);
      });
    this.#running.set(key, mine);
  }

  /** Goes on with what an earlier run of the server left unfinished. */
  async resume(): Promise<void> {
    for (const version of await this.#deps.store.functions.listUnsettled()) this.begin(version);
  }

  /** Resolves when nothing is under way for this version. */
  async settled(version: Pick<FunctionVersion, "functionName" | "version">): Promise<void> {
    const key = keyOf(version);
    for (let running = this.#running.get(key); running; running = this.#running.get(key)) await running;
  }

  /** Resolves when nothing is under way at all. */
  async allSettled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #activate(version: FunctionVersion, archive: Archive | undefined): Promise<void> {
    const { store, ids, onSettled } = this.#deps;
    const { functionName, version: number, revisionId: expectedRevisionId } = version;
    const settle = (failure?: { reason: string; code: string }) =>
      store.functions.settle({ functionName, version: number, expectedRevisionId, revisionId: ids.uuid(), failure });
    const release = store.packages.hold(version.code.sha256);
    try {
      await this.ensureUnpacked(version.code.sha256, archive);
      await settle();
    } catch (error) {
      this.#deps.log.error({ err: error, function: functionName }, "Cannot unpack a package");
      await settle({ reason: "The deployment package could not be unpacked.", code: "InternalError" });
    } finally {
      release();
    }
    onSettled(functionName);
  }

  /** The unpacked tree is a cache of the zip: it may be gone, and is made again. */
  async ensureUnpacked(sha256: string, archive?: Archive): Promise<string> {
    const { packages } = this.#deps.store;
    const directory = packages.unpackedPath(sha256);
    await unpackArchive(archive ?? (await this.#readPackage(sha256)), directory);
    return directory;
  }

  async #readPackage(sha256: string): Promise<Archive> {
    const path = await this.#deps.store.packages.find(sha256);
    if (path === undefined) throw new Error(`The package ${sha256} is not in the store`);
    return readArchive(await readFile(path));
  }
}

const keyOf = (version: Pick<FunctionVersion, "functionName" | "version">): string =>
  `${version.functionName}:${version.version}`;
