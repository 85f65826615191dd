/** Whether a process, or one that it started, is itself what listens at a port of the host. Source: proc(5), net/tcp, net/udp. */
import { readFileSync } from "node:fs";
import { forEachDescendant, openFilesOf } from "../../process-tree.ts";

const TABLES = [
  { file: "tcp", state: "0A" }, // TCP_LISTEN
  { file: "tcp6", state: "0A" },
  { file: "udp", state: undefined },
  { file: "udp6", state: undefined },
];

export function ownsListener(root: number, port: number): boolean {
  const sockets = socketsAt(root, port);
  if (sockets.size === 0) return false;
  let owns = holdsOneOf(root, sockets);
  forEachDescendant(root, (pid) => {
    owns ||= holdsOneOf(pid, sockets);
  });
  return owns;
}

/** As the links in /proc/<pid>/fd name them. */
function socketsAt(pid: number, port: number): ReadonlySet<string> {
  const found = new Set<string>();
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const { file, state } of TABLES) {
    for (const line of linesOf(`/proc/${pid}/net/${file}`).slice(1)) {
      const columns = line.trim().split(/\s+/);
      const [, local = "", , itsState] = columns;
      if (local.endsWith(suffix) && (state ?? itsState) === itsState) found.add(`socket:[${columns[9]}]`);
    }
  }
  return found;
}

const holdsOneOf = (pid: number, sockets: ReadonlySet<string>): boolean =>
  openFilesOf(pid).some((link) => sockets.has(link));

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "latin1").trimEnd().split("\n");
  } catch {
    return [];
  }
}
