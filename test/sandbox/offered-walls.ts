/** The walls that this machine offers, each with a reason why not where it does not hold. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryWalls, WALL_KINDS } from "../../src/sandbox/walls/choose.ts";
import { landlockWalls } from "../../src/sandbox/walls/landlock.ts";
import type { Walls } from "../../src/sandbox/walls/walls.ts";
import { atEnd } from "../support/at-end.ts";
import { wallOptions } from "../support/dispatcher.ts";

const folder = mkdtempSync(join(tmpdir(), "lambent-offered-"));
atEnd(() => rmSync(folder, { recursive: true, force: true }));

const trials = await Promise.all(WALL_KINDS.map((kind) => tryWalls(kind, wallOptions(folder))));
for (const trial of trials) if (!trial.walls) console.warn(`Not tested: --isolation ${trial.kind} (${trial.reason})`);

export const OFFERED: readonly Walls[] = trials.flatMap(({ walls }) => walls ?? []);

/** As on an older kernel, where a guard has to look after what Landlock does not. */
export const OLD_LANDLOCK: Walls | undefined = OFFERED.some(({ kind }) => kind === "landlock")
  ? landlockWalls({ command: wallOptions(folder).wallCommand, folder: join(folder, "old"), version: 2 })
  : undefined;
