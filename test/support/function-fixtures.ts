/** The functions under `test/fixtures/functions/<case>`, as deployment packages. */
import { join } from "node:path";
import { zipOf } from "./zip.ts";

const ROOT = join(import.meta.dir, "../fixtures/functions");

export async function fixtureZip(name: string): Promise<Uint8Array> {
  const directory = join(ROOT, name);
  const paths = [...new Bun.Glob("**/*").scanSync({ cwd: directory, dot: true })].sort();
  if (paths.length === 0) throw new Error(`There is no function in ${directory}`);
  const files = paths.map(async (path) => [path, await Bun.file(join(directory, path)).bytes()] as const);
  return zipOf(Object.fromEntries(await Promise.all(files)));
}
