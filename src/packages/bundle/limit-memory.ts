/** A bound on what esbuild may take of the host's memory: 16 MB of dense source made it ask for 4 GB. */

export const WASM_PAGE_BYTES = 64 * 1024;

const PREAMBLE_BYTES = 8; // magic and version
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;

/**
 * The same WebAssembly module with a maximum for its only memory, where it declares none: growing beyond it then fails.
 * Source: WebAssembly Core Specification, 5.5.8 (memory section) and 5.3.8 (limits).
 */
export function limitMemory(wasm: Uint8Array, bytesMax: number): Uint8Array<ArrayBuffer> {
  for (let at = PREAMBLE_BYTES; at < wasm.length; ) {
    const [length, start] = readLeb(wasm, at + 1);
    if (wasm[at] !== MEMORY_SECTION) {
      at = start + length;
      continue;
    }
    const [count, limits] = readLeb(wasm, start);
    if (count !== 1 || wasm[limits] !== 0) throw new Error("Cannot limit the memory: not one, or already limited");
    const [pages] = readLeb(wasm, limits + 1);
    const content = [count, HAS_MAXIMUM, ...leb(pages), ...leb(Math.floor(bytesMax / WASM_PAGE_BYTES))];
    const section = Uint8Array.from([MEMORY_SECTION, ...leb(content.length), ...content]);
    const limited = new Uint8Array(wasm.length - (start + length - at) + section.length);
    limited.set(wasm.subarray(0, at));
    limited.set(section, at);
    limited.set(wasm.subarray(start + length), at + section.length);
    return limited;
  }
  throw new Error("Cannot limit the memory: there is none");
}

function readLeb(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  let at = from;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return [value, at];
  }
}

function leb(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low | 128, ...leb(Math.floor(value / 128))];
}
