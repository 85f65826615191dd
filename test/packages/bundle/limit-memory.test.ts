import { expect, test } from "bun:test";
import { limitMemory, WASM_PAGE_BYTES } from "../../../src/packages/bundle/limit-memory.ts";

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Exports its memory as "m". */
const EXPORT = [7, 5, 1, 1, 0x6d, 2, 0];
const EMPTY_CUSTOM = [0, 2, 1, 0x78];
const moduleOf = (...sections: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...PREAMBLE, ...sections.flat()]);

test.each([
  { name: "a memory", memory: [5, 3, 1, 0, 2], pages: 2, pagesMax: 5 },
  { name: "a memory whose size takes two bytes", memory: [5, 4, 1, 0, 0x80, 1], pages: 128, pagesMax: 300 },
])("$name grows to its new limit and no further", ({ memory, pages, pagesMax }) => {
  const wasm = limitMemory(moduleOf(EMPTY_CUSTOM, memory, EXPORT), pagesMax * WASM_PAGE_BYTES);
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as { m: WebAssembly.Memory };
  expect(m.buffer.byteLength).toBe(pages * WASM_PAGE_BYTES);
  m.grow(pagesMax - pages);
  expect(() => m.grow(1)).toThrow();
});

test.each([
  { name: "a module without a memory", wasm: moduleOf(EMPTY_CUSTOM), message: "there is none" },
  { name: "a memory that has a limit", wasm: moduleOf([5, 4, 1, 1, 2, 3]), message: "already limited" },
])("refuses $name", ({ wasm, message }) => {
  expect(() => limitMemory(wasm, WASM_PAGE_BYTES)).toThrow(message);
});
