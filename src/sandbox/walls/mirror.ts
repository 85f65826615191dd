/**
 * Copies of the system's small files, in one folder that all environments mount: a mount for each of them would make every start slower, and
 * one of a file that is replaced, as `resolv.conf` is, would go on to show what is gone.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const READABLE_BY_ALL = 0o004;

export class Mirror {
  readonly #sources: readonly string[];
  readonly #placeOf: (path: string) => string;
  /** By path: what each was when it was copied. */
  readonly #known = new Map<string, string>();

  /** @param sources files, or links to them. @param placeOf where the copy of one belongs. */
  constructor(sources: readonly string[], placeOf: (path: string) => string) {
    this.#sources = sources;
    this.#placeOf = placeOf;
  }

  /** Copies again what is not as it was: whoever has it mounted sees it change. */
  refresh(): void {
    for (const path of this.#sources) {
      const state = stateOf(path);
      if (this.#known.get(path) === state) continue;
      this.#known.set(path, state);
      try {
        copy(path, this.#placeOf(path));
      } catch {
        rmSync(this.#placeOf(path), { force: true }); // it is gone, or this user may not read it
      }
    }
  }
}

function copy(path: string, place: string): void {
  if ((statSync(path).mode & READABLE_BY_ALL) === 0) return rmSync(place, { force: true });
  mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
  writeFileSync(`${place}.new`, readFileSync(path), { mode: 0o644 });
  renameSync(`${place}.new`, place);
}

/** Of what a path leads to. */
function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : "gone";
}
