/** Symbolic links of a package. They stay links (npm's `.bin` is made of them), so each has to end inside the package. */
import { parentPath } from "./entry-path.ts";

/** Linux gives up a walk at this many links (ELOOP), so no package that works has a longer chain. */
const CHAIN_LINKS_MAX = 40;

const OUTSIDE = Symbol("outside");
const NOWHERE = Symbol("nowhere");
/** A path inside the package, or what there is instead of one. */
type Place = string | typeof OUTSIDE | typeof NOWHERE;

/** Answers where links lead; each link is walked once, however many others pass through it. */
export class LinkMap {
  readonly #targets: ReadonlyMap<string, string>;
  readonly #places = new Map<string, Place>();

  /** `targets` holds the target of every link of the package by its path. */
  constructor(targets: ReadonlyMap<string, string>) {
    this.#targets = targets;
  }

  /**
   * Whether following the link at `path` ever steps out of the package, other links on the way included: `a → d/../..`
   * looks harmless until `d` is itself a link. A target that is not there, or a ring, stays inside.
   */
  leavesPackage(path: string): boolean {
    return this.#follow(path, 1) === OUTSIDE;
  }

  #follow(path: string, chained: number): Place {
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    if (chained > CHAIN_LINKS_MAX) return OUTSIDE;
    this.#places.set(path, NOWHERE); // what a ring finds when it comes round
    const place = this.#walk(parentPath(path), this.#targets.get(path) ?? "", chained);
    this.#places.set(path, place);
    return place;
  }

  #walk(from: string, target: string, chained: number): Place {
    if (target.startsWith("/")) return OUTSIDE;
    let at = from;
    for (const part of target.split("/")) {
      if (part === "" || part === ".") continue;
      if (part === ".." && at === "") return OUTSIDE;
      const next = part === ".." ? parentPath(at) : at === "" ? part : `${at}/${part}`;
      const place = this.#targets.has(next) ? this.#follow(next, chained + 1) : next;
      if (typeof place !== "string") return place;
      at = place;
    }
    return at;
  }
}
