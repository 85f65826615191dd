/** The numbers of system calls, held against the headers of the C library where they are installed. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type Architecture, SYSCALL_NAMES, syscallNumber } from "../../src/sandbox/seccomp/syscalls.ts";

const HEADERS: readonly { readonly architecture: Architecture; readonly path: string }[] = [
  { architecture: "x64", path: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h" },
  { architecture: "arm64", path: "/usr/include/asm-generic/unistd.h" },
];

function numbersIn(path: string): ReadonlyMap<string, number> {
  const lines = readFileSync(path, "utf8").matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return new Map([...lines].map(([, name = "", number]) => [name, Number(number)]));
}

describe.each(HEADERS)("on $architecture", ({ architecture, path }) => {
  test.skipIf(!existsSync(path))("each call that the headers know has their number", () => {
    const known = numbersIn(path);
    const names = SYSCALL_NAMES.filter((name) => known.has(name));
    expect(names.length).toBeGreaterThan(80);
    for (const name of names) expect([name, syscallNumber(name, architecture)]).toEqual([name, known.get(name) ?? -1]);
  });
});
