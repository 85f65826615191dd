/** SECURITY.md names a test for each of its claims: each has to be there. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FILE_DEFAULT = "test/sandbox/attacks.test.ts";

interface Named {
  readonly file: string;
  readonly name: string;
}

/** In the last column of each table: names in quotes, each in the file before it. */
function namedTests(page: string): { claim: string; tests: Named[] }[] {
  return page.split("\n").flatMap((line) => {
    const [, claim, last] = /^\| (.+?) \| ([^|]*"[^|]*) \|$/.exec(line) ?? [];
    if (claim === undefined || last === undefined) return [];
    let file = FILE_DEFAULT;
    const tests = [...last.matchAll(/`([^`]+)`|"([^"]+)"/g)].flatMap(([, path, name]) => {
      if (path !== undefined) file = path;
      return name === undefined ? [] : [{ file, name }];
    });
    return [{ claim, tests }];
  });
}

const claims = namedTests(readFileSync(join(ROOT, "SECURITY.md"), "utf8"));

test("there are claims", () => expect(claims.length).toBeGreaterThan(20));

test.each(claims)("$claim: its tests are there", ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  for (const { file, name } of tests) {
    const path = join(ROOT, file);
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, "utf8")).toContain(name);
  }
});
