/** Zips that other programs made: what users upload. A program that is not installed skips its row. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobReader, configure, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { readArchive } from "../../src/packages/archive.ts";
import { rawZip, zipOf } from "../support/zip.ts";

const HANDLER = "export const handler = async () => 1;\n";
const PYTHON = `
import os, zipfile
with zipfile.ZipFile("out.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for folder, _, names in os.walk("src"):
        for name in names:
            if name != "link.mjs": z.write(os.path.join(folder, name), os.path.relpath(os.path.join(folder, name), "src"))
`;
let work = "";

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "lambent-interop-"));
  mkdirSync(join(work, "src/lib"), { recursive: true });
  writeFileSync(join(work, "src/index.mjs"), HANDLER);
  writeFileSync(join(work, "src/lib/großes.mjs"), HANDLER.repeat(60_000));
  writeFileSync(join(work, "src/bootstrap"), "#!/bin/sh\n");
  chmodSync(join(work, "src/bootstrap"), 0o755);
  symlinkSync("index.mjs", join(work, "src/link.mjs"));
});
afterAll(() => rm(work, { recursive: true, force: true }));

test.each([
  { name: "zip", needs: "zip", command: ["sh", "-c", "cd src && zip -qr ../out.zip ."], links: 0 },
  { name: "zip that keeps links", needs: "zip", command: ["sh", "-c", "cd src && zip -qry ../out.zip ."], links: 1 },
  { name: "zip to a pipe", needs: "zip", command: ["sh", "-c", "cd src && zip -qr - . > ../out.zip"], links: 0 },
  { name: "zip that only stores", needs: "zip", command: ["sh", "-c", "cd src && zip -qr0 ../out.zip ."], links: 0 },
  { name: "Python's zipfile", needs: "python3", command: ["python3", "-c", PYTHON], links: 0 },
])("takes what $name makes", async ({ needs, command, links }) => {
  if (Bun.which(needs) === null) return;
  await rm(join(work, "out.zip"), { force: true });
  const { exitCode } = Bun.spawnSync([...command], { cwd: work, env: { ...process.env, LC_ALL: "C.UTF-8" } });
  expect(exitCode).toBe(0);
  const archive = await readArchive(await Bun.file(join(work, "out.zip")).bytes());
  const files = archive.nodes.filter((node) => node.kind === "file");
  expect(files.find((node) => node.path === "lib/großes.mjs")?.bytes).toBe(HANDLER.length * 60_000);
  expect(files.filter((node) => node.executable).map((node) => node.path)).toEqual(["bootstrap"]);
  expect(archive.nodes.filter((node) => node.kind === "link").length).toBe(links);
});

test("takes what zip.js makes, and refuses it with a password", async () => {
  configure({ useWebWorkers: false });
  for (const password of [undefined, "secret"]) {
    const writer = new ZipWriter(new Uint8ArrayWriter(), password === undefined ? {} : { password });
    await writer.add("index.mjs", new Uint8ArrayReader(Buffer.from(HANDLER)));
    await writer.add("large.mjs", new BlobReader(new Blob([HANDLER.repeat(60_000)])));
    const reading = readArchive(await writer.close());
    if (password === undefined) expect((await reading).unzippedBytes).toBe(HANDLER.length * 60_001);
    else await expect(reading).rejects.toThrow('the entry "index.mjs" is encrypted');
  }
});

test.each([
  { name: "an ordinary zip", zip: () => zipOf({ "a/index.mjs": HANDLER, bootstrap: { content: "x", mode: 0o755 } }) },
  { name: "zip64", zip: async () => rawZip([{ name: "a", content: HANDLER, zip64: true }], { zip64: true }) },
  { name: "a data descriptor", zip: async () => rawZip([{ name: "a", content: HANDLER, descriptor: true }]) },
])("the tests' own writer makes $name that unzip finds no fault with", async ({ zip }) => {
  if (Bun.which("unzip") === null) return;
  await Bun.write(join(work, "own.zip"), await zip());
  const { exitCode, stdout } = Bun.spawnSync(["unzip", "-tq", join(work, "own.zip")]);
  expect(stdout.toString()).toContain("No errors detected");
  expect(exitCode).toBe(0);
});
