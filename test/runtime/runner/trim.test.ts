import { expect, test } from "bun:test";
import { join } from "node:path";

const TRIM = JSON.stringify(join(import.meta.dir, "../../../runtime/runner/trim.ts"));

test.skipIf(process.platform !== "linux")("a process that lets go of its code holds less of it, and goes on", () => {
  const script = `
    const { readFileSync } = await import("node:fs");
    const { letGoOfCode } = await import(${TRIM});
    const codeKib = () => {
      const [, map = ""] = new RegExp("r-xp .* " + process.execPath + "\\n((?:[A-Z].*\\n)*)").exec(readFileSync("/proc/self/smaps", "latin1")) ?? [];
      return Number(/^Rss: +(\\d+)/m.exec(map)?.[1]);
    };
    const before = codeKib();
    letGoOfCode();
    const after = codeKib();
    const texts = await Promise.all([1, 2, 3].map(async (n) => JSON.stringify({ n, at: new Date(0), match: /b+/.exec("abbc") })));
    console.log(JSON.stringify({ before, after, texts: texts.length }));
  `;
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, "-e", script]);
  const { before, after, texts } = JSON.parse(stdout.toString());
  expect([exitCode, texts]).toEqual([0, 3]);
  expect(before).toBeGreaterThan(1000);
  expect(after).toBeLessThan(before / 2);
});
