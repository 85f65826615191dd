/** Every process and folder that a run makes, so that all of them are gone when it ends, whatever ends it short of SIGKILL. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";

const EXIT_GRACE_MS = 5000;

const children = new Set<Subprocess>();
const ending = new Set<Subprocess>();
const folders = new Set<string>();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL"); // a runner ends by itself when its server is gone
  for (const folder of folders) removeFolder(folder);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

/** Registers a child; gives it back. */
export function keep<Child extends Subprocess>(child: Child): Child {
  children.add(child);
  void child.exited.then(() => children.delete(child));
  return child;
}

/** Asks the child to end, and kills it when it does not. */
export async function end(child: Subprocess): Promise<void> {
  ending.add(child);
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_GRACE_MS);
  await child.exited;
  clearTimeout(timer);
}

/** Whether the child was asked to end. */
export const isEnding = (child: Subprocess): boolean => ending.has(child);

/** Goes with this process, and not before: for minutes after many files went, ext4 makes new ones slowly. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lambent-bench-"));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}
