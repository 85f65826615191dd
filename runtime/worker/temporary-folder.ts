/**
 * `/tmp` by that name, where walls cannot mount one: what `node:fs` and Bun are asked to do there they do in the folder that stands for it.
 * Programs that a handler starts are not in on it; they have `TMPDIR`.
 *
 * `node:fs` is taken from the process, and imported by nobody before: what an import got by name it keeps.
 */
const NAME = "/tmp";

/** Whose second argument is a path, too. */
const OF_TWO_PATHS = new Set(["rename", "copyFile", "cp", "link", "symlink"].flatMap((name) => [name, `${name}Sync`]));

type Calls = Record<string, unknown>;

/** @param kept what really lies there: the folder may, and the function's code. */
export function redirectTemporary(folder: string, kept: readonly string[]): void {
  const isIn = (text: string, each: string): boolean => text === each || text.startsWith(`${each}/`);
  const redirect = (path: unknown): unknown => {
    if (path instanceof URL && path.protocol === "file:") return redirect(Bun.fileURLToPath(path));
    const text = path instanceof Uint8Array ? Buffer.from(path).toString() : path;
    if (typeof text !== "string" || !isIn(text, NAME) || kept.some((each) => isIn(text, each))) return path;
    return `${folder}${text.slice(NAME.length)}`;
  };
  const redirected = (name: string, call: (...args: unknown[]) => unknown) =>
    new Proxy(call, {
      apply(target, self, args: unknown[]) {
        const paths = OF_TWO_PATHS.has(name) ? 2 : 1;
        return Reflect.apply(target, self, [...args.slice(0, paths).map(redirect), ...args.slice(paths)]);
      },
    });
  const replaceIn = (calls: Calls, names: readonly string[]): void => {
    for (const name of names) {
      const call = calls[name];
      if (typeof call === "function") calls[name] = redirected(name, call as (...args: unknown[]) => unknown);
    }
  };
  for (const name of ["node:fs", "node:fs/promises"]) {
    const calls = process.getBuiltinModule(name) as unknown as Calls;
    replaceIn(
      calls,
      Object.keys(calls).filter((key) => /^[a-z]/.test(key)), // the others are classes
    );
  }
  replaceIn(Bun as unknown as Calls, ["file", "write"]);
}
