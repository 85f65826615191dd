import { afterAll } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../../src/store/packages.ts";

/** Called at the top of a test file: a maker of directories that go when the file's tests are over. */
export function temporaryDirectories(): () => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const path of made.splice(0)) await removeTree(path);
  });
  return async () => {
    const path = await mkdtemp(join(tmpdir(), "lambent-store-test-"));
    made.push(path);
    return path;
  };
}
