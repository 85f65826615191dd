/** Which walls hold here: each kind is tried with a real process before it is relied on. */
import { closeSync } from "node:fs";
import { join } from "node:path";
import { openGuard } from "../guard/try-guard.ts";
import type { SandboxSpec } from "../sandbox.ts";
import { landlockWalls } from "./landlock.ts";
import { namespaceWalls } from "./namespaces.ts";
import { NO_WALLS, type WallKind, type Walls } from "./walls.ts";

export type Isolation = "auto" | WallKind;

export interface WallOptions {
  /** Where walls keep files of their own. */
  readonly folder: string;
  /** Starts this executable as `wall`. */
  readonly wallCommand: readonly string[];
  /** Starts this executable as something that ends at once with 0. */
  readonly probeCommand: readonly string[];
}

/** What came of trying one kind. */
export type Trial =
  | { readonly kind: WallKind; readonly walls: Walls }
  | { readonly kind: WallKind; readonly walls: undefined; readonly reason: string };

/** The strongest first. */
export const WALL_KINDS = ["namespaces", "landlock"] as const;

/** No walls of the kind that was asked for; the message says why, and what to do. */
export class NoWallsError extends Error {}

/** @throws NoWallsError */
export async function chooseWalls(isolation: Isolation, options: WallOptions): Promise<Walls> {
  if (isolation === "none") return NO_WALLS;
  const reasons: string[] = [];
  for (const kind of isolation === "auto" ? WALL_KINDS : [isolation]) {
    const trial = await tryWalls(kind, options);
    if (trial.walls) return trial.walls;
    reasons.push(`${kind}: ${trial.reason}`);
  }
  if (isolation === "auto" && process.platform !== "linux") return NO_WALLS;
  const advice =
    "`lambent doctor` says what would help; --isolation none runs functions without walls, with all rights of this user";
  throw new NoWallsError(`Cannot wall functions in (${reasons.join("; ")}). ${advice}`);
}

/** Starts a process behind such walls and waits for its end. */
export async function tryWalls(kind: (typeof WALL_KINDS)[number], options: WallOptions): Promise<Trial> {
  try {
    const walls = makeWalls(kind, options);
    const failure = await probe({
      walls,
      command: options.probeCommand,
      workingDirectory: walls.canMount ? "/" : options.folder,
      env: {},
      view: { folders: [], links: [], temporaryBytes: PROBE_BYTES },
    });
    const reason = failure ?? (walls.asksAboutSignals ? await guardFailure(walls, options) : undefined);
    return reason === undefined ? { kind, walls } : { kind, walls: undefined, reason };
  } catch (error) {
    return {
      kind,
      walls: undefined,
      reason: (error instanceof Error ? error.message : String(error)).replace(/^Cannot build walls: /, ""),
    };
  }
}

async function guardFailure(walls: Walls, { probeCommand, folder }: WallOptions): Promise<string | undefined> {
  const guard = await openGuard({ opened: [], walls, tasksAreHeld: false, probeCommand, workingDirectory: folder });
  return "failure" in guard ? `a guard has to look after signals, and cannot (${guard.failure})` : undefined;
}

const PROBE_BYTES = 1024 * 1024;
const PROBE_MS_MAX = 5000;

function makeWalls(kind: (typeof WALL_KINDS)[number], { folder, wallCommand }: WallOptions): Walls {
  if (process.platform !== "linux") throw new Error("this system is not Linux");
  if (kind === "landlock") return landlockWalls({ command: wallCommand, folder: join(folder, "tmp") });
  const bubblewrap = Bun.which("bwrap");
  if (bubblewrap === null) throw new Error("bubblewrap is not installed (there is no bwrap in the PATH)");
  return namespaceWalls({ bubblewrap, folder: join(folder, "etc") });
}

/** Answers what the process that failed said. */
async function probe({ walls, ...confinement }: SandboxSpec): Promise<string | undefined> {
  const enclosed = walls.enclose({ ...confinement, isGuarded: false });
  try {
    const child = Bun.spawn([...enclosed.command], {
      env: enclosed.env,
      stdio: ["ignore", "ignore", "pipe", "ignore", "ignore", ...enclosed.descriptors],
      timeout: PROBE_MS_MAX,
      killSignal: "SIGKILL",
    });
    const [said, code] = await Promise.all([new Response(child.stderr as ReadableStream).text(), child.exited]);
    return code === 0 ? undefined : said.trim().split("\n").slice(-1)[0] || `it ended with ${child.signalCode ?? code}`;
  } finally {
    for (const descriptor of enclosed.descriptors) closeSync(descriptor);
    walls.onEnd(enclosed);
  }
}
