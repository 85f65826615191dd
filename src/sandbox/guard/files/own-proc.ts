/**
 * Lets a process behind Landlock open what /proc tells of itself. One rule can name one process's folder there, so that those which it starts
 * would have none, and programs such as Bun do not start without. Source: proc(5).
 */
import { closeSync, openSync } from "node:fs";
import { type Answer, giveDescriptor, type Notification, processOf, readString } from "../notifications.ts";

const FOLDER = "/proc/self/";
const NAMES: ReadonlySet<string> = new Set([
  ...["auxv", "cgroup", "cmdline", "comm", "environ", "io", "limits", "maps", "mountinfo", "mounts", "smaps"],
  ...["smaps_rollup", "stat", "statm", "status"],
]);
const O_CLOEXEC = 0o2000000;

/** The kernel looks at everything else itself: at the path as well, so that nothing is gained by changing it meanwhile. */
export function openOwnProc(listener: number, { id, thread, args }: Notification): Answer {
  const path = readString(thread, args[1] ?? 0n);
  if (!path?.startsWith(FOLDER) || !NAMES.has(path.slice(FOLDER.length))) return "go on";
  let descriptor: number;
  try {
    descriptor = openSync(`/proc/${processOf(thread)}/${path.slice(FOLDER.length)}`, "r");
  } catch {
    return "go on"; // it is gone
  }
  try {
    return giveDescriptor(listener, id, { descriptor, flags: O_CLOEXEC });
  } finally {
    closeSync(descriptor);
  }
}
