/**
 * Looks at handlers before they are called, and bundles those in TypeScript and JSX: once for each package and handler, however
 * many functions share them and whoever asks first.
 */
import { existsSync } from "node:fs";
import type { Log } from "../../core/log.ts";
import { type BundledHandler, bundleHandler, needsBundling } from "../../packages/bundle/bundle-handler.ts";
import type { Bundler } from "../../packages/bundle/bundler.ts";
import { handlerModuleIn, splitHandler } from "../../packages/handler-file.ts";
import type { PackageStore } from "../../store/port.ts";

export interface HandlerChecksDeps {
  readonly packages: PackageStore;
  readonly bundler: Bundler;
  readonly log: Log;
}

/** A handler in a package. */
export interface HandlerCode {
  readonly sha256: string;
  readonly handler: string;
}

/** Results kept in memory: what bundles are on disk is found again without them. */
const REMEMBERED_MAX = 10_000;
/** With so many under way a check that nobody waits for is left out. */
const UNDER_WAY_MAX = 8;

const NOTHING_FOUND: BundledHandler = { kind: "as-is", isChecked: true, findings: [] };

export class HandlerChecks {
  readonly #deps: HandlerChecksDeps;
  readonly #known = new Map<string, BundledHandler>();
  readonly #underWay = new Map<string, Promise<BundledHandler>>();

  constructor(deps: HandlerChecksDeps) {
    this.#deps = deps;
  }

  /** What was found in this process's life, if anything was. */
  known(code: HandlerCode): BundledHandler | undefined {
    const known = this.#known.get(this.#deps.packages.bundlePath(code));
    return known?.isChecked ? known : undefined;
  }

  /** Whether so much is under way that only checks which somebody waits for should be begun. */
  get isBehind(): boolean {
    return this.#underWay.size >= UNDER_WAY_MAX;
  }

  /** Whether calls need the check's result, as they load a bundle. The package has to be unpacked. */
  isBundled({ sha256, handler }: HandlerCode): boolean {
    const module = handlerModuleIn(this.#deps.packages.unpackedPath(sha256), handler);
    return module !== undefined && needsBundling(module);
  }

  /** Checks a handler of an unpacked package; what failed before for want of time or memory is tried again. Never throws. */
  check(code: HandlerCode): Promise<BundledHandler> {
    const outDirectory = this.#deps.packages.bundlePath(code);
    const underWay = this.#underWay.get(outDirectory);
    if (underWay) return underWay;
    const mine = this.#check(code, outDirectory).finally(() => this.#underWay.delete(outDirectory));
    this.#underWay.set(outDirectory, mine);
    return mine;
  }

  /**
   * The module that a call loads in place of the handler's own file; undefined when that is run as it is. With `needsWhole` a bundle
   * that imports what was not in the package does not do.
   */
  async entryOf(code: HandlerCode, { needsWhole }: { needsWhole: boolean }): Promise<string | undefined> {
    if (!this.isBundled(code)) return undefined;
    const known = this.#known.get(this.#deps.packages.bundlePath(code));
    if (known?.kind === "as-is") return undefined;
    this.hasten(code);
    const found = await this.check(code);
    return found.kind === "bundled" && (found.isWhole || !needsWhole) ? found.entry : undefined;
  }

  /** A call waits for this package. */
  hasten({ sha256 }: HandlerCode): void {
    this.#deps.bundler.hasten(this.#deps.packages.unpackedPath(sha256));
  }

  async #check({ sha256, handler }: HandlerCode, outDirectory: string): Promise<BundledHandler> {
    const { packages, bundler, log } = this.#deps;
    const directory = packages.unpackedPath(sha256);
    const release = packages.hold(sha256);
    try {
      const handlerFile = handlerModuleIn(directory, handler);
      const exportName = splitHandler(handler)?.exportName;
      if (handlerFile === undefined || exportName === undefined) return NOTHING_FOUND;
      const known = this.#known.get(outDirectory);
      if (known?.isChecked && (known.kind === "as-is" || existsSync(known.entry))) return known;
      const found = await bundleHandler(bundler, { directory, handlerFile, exportName, outDirectory });
      this.#remember(outDirectory, found);
      return found;
    } catch (error) {
      log.warn({ err: error, handler }, "Cannot check a handler");
      return NOTHING_FOUND;
    } finally {
      release();
    }
  }

  #remember(key: string, found: BundledHandler): void {
    this.#known.delete(key);
    this.#known.set(key, found);
    if (this.#known.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
