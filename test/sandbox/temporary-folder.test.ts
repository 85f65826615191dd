/** A handler finds a folder of its own under the name `/tmp`, as on AWS, in each kind of walls that the machine offers. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FIXTURES, specOf, startDispatcher } from "../support/dispatcher.ts";
import { OFFERED } from "./offered-walls.ts";

const NAMES = [
  "all",
  "buffer",
  "bun",
  "deep",
  "deep/copied",
  "deep/link",
  "deep/renamed",
  "named",
  "promised",
  "required",
];

describe.each(OFFERED.map((walls) => ({ walls, kind: walls.kind })))("behind $kind", ({ walls }) => {
  const house = startDispatcher({ walls });
  const code = mkdtempSync("/tmp/lambent-code-"); // the function's own code may lie in the host's
  cpSync(join(FIXTURES, "temporary"), code, { recursive: true });
  afterAll(async () => {
    await house.close();
    rmSync(code, { recursive: true, force: true });
  });

  test("it is there, whatever way it is named, and the host's is left alone", async () => {
    const answers = await Promise.all([1, 2].map(() => house.call(specOf("temporary", { taskRoot: code }))));
    for (const { value } of answers) {
      const { mark } = value;
      expect(value).toEqual({
        mark,
        names: [...NAMES, "stream", "url"],
        texts: [mark],
        inTmp: true,
        left: false,
        own: true,
      });
    }
    expect(existsSync("/tmp/work")).toBe(false);
  });
});
