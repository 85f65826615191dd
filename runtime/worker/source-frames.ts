/**
 * Frames of a bundle, told as frames of the sources that it was made of: Bun reads no source map when it runs a module. The map
 * is read when the first error is told, as most environments never tell one.
 */
import { readFileSync } from "node:fs";
import type { SourceMap } from "node:module";
import { join } from "node:path";
import { builtin } from "./builtins.ts";

interface Bundle {
  /** The bundle's path; its source map, whose sources are paths in `taskRoot`, has `.map` after it. */
  readonly entry: string;
  readonly taskRoot: string;
  /** What stands for the bundle where no position is known. */
  readonly handlerFile: string;
}

const { parse } = JSON;
const POSITION = /^(?::(\d+)(?::(\d+))?)?/;

let bundle: Bundle | undefined;
let map: SourceMap | "unread" | "unreadable" = "unread";

export function setBundle(loaded: Bundle): void {
  bundle = loaded;
}

/** The text with every place in the bundle replaced by its place in the sources; lines of frames that have none are left out. */
export function toSourceFrames(text: string): string {
  const loaded = bundle;
  if (loaded === undefined || !text.includes(loaded.entry)) return text;
  try {
    const lines = text.split("\n").map((line) => (line.includes(loaded.entry) ? toSourceLine(line, loaded) : line));
    return lines.filter((line) => line !== undefined).join("\n");
  } catch {
    return text; // a handler may have replaced what this needs
  }
}

function toSourceLine(line: string, loaded: Bundle): string | undefined {
  const [before = "", ...parts] = line.split(loaded.entry);
  let told = before;
  for (const part of parts) {
    const [position = "", lineNumber, column] = POSITION.exec(part) ?? [];
    const place = sourcePlace(loaded, { line: Number(lineNumber ?? 0), column: Number(column ?? 0) });
    if (place === undefined && /^\s+at /.test(line)) return undefined; // what the bundler added
    told += (place ?? loaded.handlerFile) + part.slice(position.length);
  }
  return told;
}

/** Both count from 1; 0 is for what is not known. */
function sourcePlace(loaded: Bundle, { line, column }: { line: number; column: number }): string | undefined {
  if (line === 0) return loaded.handlerFile;
  if (map === "unread") map = readMap(loaded);
  if (map === "unreadable") return loaded.handlerFile;
  const found = map.findEntry(line - 1, Math.max(0, column - 1));
  if (!("originalSource" in found) || found.originalSource === undefined) return undefined;
  const place = `${join(loaded.taskRoot, found.originalSource)}:${found.originalLine + 1}`;
  return column === 0 ? place : `${place}:${found.originalColumn + 1}`;
}

function readMap({ entry }: Bundle): SourceMap | "unreadable" {
  try {
    return new (builtin("node:module").SourceMap)({ ...parse(readFileSync(`${entry}.map`, "utf8")), sourceRoot: "" });
  } catch {
    return "unreadable";
  }
}
