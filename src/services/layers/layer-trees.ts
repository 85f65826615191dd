/**
 * Where a version with layers runs. Its layers are merged into one tree, which stands for `/opt`, and its code gets a second name
 * below folders of the layers' modules, as `import` of a bare name looks in the folders above and, unlike `require`, nowhere else:
 *
 *     unpacked/<opt>/                      the layers, merged; shared by all with the same layers
 *     unpacked/<root>/node_modules         → <opt>/nodejs/node_modules
 *     unpacked/<root>/function/node_modules → <opt>/nodejs/node22/node_modules (if there is one; else the one above)
 *     unpacked/<root>/function/task/       the code: hard links to its package's own tree
 *
 * **By design** what a layer brings is found by `import` too; on AWS only `require` finds it.
 * Where walls can mount, the tree is at `/opt` and the folders of modules are above `/var/task` (`invoke/places.ts`).
 * **Gaps**: elsewhere `/opt` itself is the host's.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { layeredTrees, nodeFolder } from "../../core/layered-code.ts";
import { type Archive, readArchive } from "../../packages/archive.ts";
import { CODE_PATH, codeOverModules, mergeArchives } from "../../packages/merge.ts";
import { unpackArchive } from "../../packages/unpack.ts";
import type { FunctionVersion, PackageStore } from "../../store/port.ts";

export interface LayeredPlace {
  readonly taskRoot: string;
  readonly opt: {
    /** The folder that stands for `/opt`. */
    readonly path: string;
    /** Digests of the trees, which are held as long as somebody runs in them. */
    readonly treeSha256s: readonly string[];
  };
}

export class LayerTrees {
  readonly #packages: PackageStore;
  /** Trees that were looked over in this process's life: a sweep takes them whole, so those that are there are whole. */
  readonly #whole = new Set<string>();

  constructor(packages: PackageStore) {
    this.#packages = packages;
  }

  /** Makes the trees of a version with layers where they are missing. Its own package, `archive`, has to be unpacked. */
  async ensure({ code, settings }: FunctionVersion, archive: Archive): Promise<LayeredPlace> {
    const layerSha256s = settings.layers.map((layer) => layer.sha256);
    const { opt, root } = layeredTrees({ codeSha256: code.sha256, layerSha256s, runtime: settings.runtime });
    const holds = [...layerSha256s, opt, root].map((sha256) => this.#packages.hold(sha256));
    try {
      const path = this.#packages.unpackedPath(opt);
      await this.#ensureTree(opt, async () =>
        mergeArchives(await Promise.all(layerSha256s.map((sha256) => this.#read(sha256)))),
      );
      const directory = this.#packages.unpackedPath(root);
      await this.#ensureTree(root, async () =>
        codeOverModules(archive, {
          directory,
          unpacked: this.#packages.unpackedPath(code.sha256),
          modules: moduleFolders(path, settings.runtime),
        }),
      );
      return { taskRoot: join(directory, CODE_PATH), opt: { path, treeSha256s: [opt, root] } };
    } finally {
      for (const release of holds) release();
    }
  }

  async #ensureTree(sha256: string, make: () => Promise<Archive>): Promise<void> {
    const directory = this.#packages.unpackedPath(sha256);
    if (this.#whole.has(sha256) && existsSync(directory)) return;
    await unpackArchive(await make(), directory);
    this.#whole.add(sha256);
  }

  async #read(sha256: string): Promise<Archive> {
    const path = await this.#packages.find(sha256);
    if (path === undefined) throw new Error(`The layer's package ${sha256} is not in the store`);
    return readArchive(await readFile(path));
  }
}

/** Those that are there, the nearest first. */
const moduleFolders = (opt: string, runtime: string | null): string[] =>
  [join(opt, "nodejs", nodeFolder(runtime), "node_modules"), join(opt, "nodejs", "node_modules")].filter(existsSync);
