import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openKeyFile, rotateKeyFile } from "../../src/security/key-file.ts";
import { temporaryDirectory } from "../support/server.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory.path, "lambent.key");
});
afterEach(() => directory.remove());

const modeOf = (file: string): number => statSync(file).mode & 0o777;
const write = (text: string, mode = 0o600): void => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};
const SECRET = Buffer.alloc(32, 7).toString("base64");

describe("a key file", () => {
  test("is made when it is not there, for its owner alone, and used from then on", () => {
    const sealed = openKeyFile(path).seal("x", "c");
    expect(modeOf(path)).toBe(0o600);
    expect(openKeyFile(path).openText(sealed, "c")).toBe("x");
    expect(readdirSync(directory.path)).toEqual(["lambent.key"]);
  });

  test("of the operator's own may hold several keys and remarks", () => {
    write(`# made by hand\n\nnew ${SECRET}\nold  ${Buffer.alloc(32, 9).toString("base64")}\n`);
    expect(openKeyFile(path).keyIds).toEqual(["new", "old"]);
  });

  test("that others may read is refused with what to do", () => {
    for (const mode of [0o640, 0o604, 0o644, 0o620]) {
      write(`a ${SECRET}\n`, mode);
      expect(() => openKeyFile(path)).toThrow(`chmod 600 ${path}`);
    }
    write(`a ${SECRET}\n`, 0o400);
    expect(openKeyFile(path).keyIds).toEqual(["a"]);
  });

  test.each([
    ["no key in it", "# nothing\n", "there is no key in it"],
    ["an empty file", "", "there is no key in it"],
    ["a short key", `a ${SECRET.slice(0, 20)}\n`, "line 1"],
    ["a line without an id", `\n${SECRET}\n`, "line 2"],
    ["two keys of one id", `a ${SECRET}\na ${SECRET}\n`, "the same id"],
  ])("with %s is refused, and its text is not repeated", (_, text, why) => {
    write(text);
    expect(() => openKeyFile(path)).toThrow(why);
    expect(() => openKeyFile(path)).not.toThrow(SECRET.slice(0, 20));
  });

  test("in a folder that is not there is refused", () => {
    expect(() => openKeyFile(join(directory.path, "none", "lambent.key"))).toThrow("Cannot make the key file");
  });

  test("is the same for two that make it at once", async () => {
    const script = `import { openKeyFile } from ${JSON.stringify(join(import.meta.dir, "../../src/security/key-file.ts"))};
      console.log(openKeyFile(${JSON.stringify(path)}).keyIds.join());`;
    const ids = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
        return (await new Response(child.stdout).text()).trim();
      }),
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{12}$/);
  });

  test("rotated has a new key first and still opens what the old one sealed", () => {
    const before = openKeyFile(path);
    const sealed = before.seal("x", "c");
    const id = rotateKeyFile(path);
    const after = openKeyFile(path);
    expect(after.keyIds).toEqual([id, ...before.keyIds]);
    expect(after.openText(sealed, "c")).toBe("x");
    expect(after.isStale(sealed)).toBe(true);
    expect(modeOf(path)).toBe(0o600);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
  });
});
