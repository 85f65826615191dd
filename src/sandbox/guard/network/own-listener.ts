/** Whether a process, or one that it started, is itself what listens at an address of the host. Source: proc(5), net/tcp, net/udp. */
import { readFileSync } from "node:fs";
import { forEachDescendant, openFilesOf } from "../../process-tree.ts";
import { bytesOf, type SocketAddress } from "./socket-address.ts";

type Listener = Exclude<SocketAddress, { family: "none" }> & { readonly protocol: "tcp" | "udp" };

/** A table, and the state of those in it that listen. */
const TABLES = {
  tcp: { files: ["tcp", "tcp6"], state: "0A" },
  udp: { files: ["udp", "udp6"], state: undefined },
};
/** So many processes with so many files that looking at them takes longer are not looked at: others wait meanwhile. */
const LOOK_MS_MAX = 50;

/** True only when nothing else listens there: who has the port at another address, or shares it, could else reach the host's. */
export function ownsListener(root: number, at: Listener): boolean {
  const others = socketsAt(root, at);
  if (others.size === 0) return false;
  const untilMs = performance.now() + LOOK_MS_MAX;
  const isOverAfter = (pid: number): boolean => {
    for (const link of openFilesOf(pid)) others.delete(link);
    return others.size === 0 || performance.now() > untilMs;
  };
  if (!isOverAfter(root)) forEachDescendant(root, (pid) => !isOverAfter(pid));
  return others.size === 0;
}

/** As the links in /proc/<pid>/fd name them: those that get what is sent there, at that address or at all. */
function socketsAt(pid: number, { protocol, port, ...at }: Listener): Set<string> {
  const { files, state } = TABLES[protocol];
  const found = new Set<string>();
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const locals = new Set(addressesOf(at));
  for (const file of files) {
    for (const line of linesOf(`/proc/${pid}/net/${file}`).slice(1)) {
      if (!line.includes(suffix)) continue; // there may be many
      const [, local = "", , itsState, , , , , , inode] = line.trim().split(/\s+/);
      const [address = ""] = local.split(":");
      if (`${local} `.endsWith(suffix) && locals.has(address) && (state ?? itsState) === itsState)
        found.add(`socket:[${inode}]`);
    }
  }
  return found;
}

const ANY_IPV4 = "0".repeat(8);
const ANY_IPV6 = "0".repeat(32);
const MAPPED_PREFIX = "0000000000000000FFFF0000";
const LOOPBACK_IPV4 = "0100007F";
const LOOPBACK_IPV6 = "00000000000000000000000001000000";

/** As the tables have it: words in hexadecimal, each with its last byte first. Who connects to any address connects to itself. */
function addressesOf(to: Omit<Listener, "protocol" | "port">): string[] {
  const words = bytesOf(to).toString("hex").match(/.{8}/g) ?? [];
  const text = words.map((word) => Buffer.from(word, "hex").swap32().toString("hex").toUpperCase()).join("");
  if (to.family === "ipv6") return [text === ANY_IPV6 ? LOOPBACK_IPV6 : text, ANY_IPV6];
  const address = text === ANY_IPV4 ? LOOPBACK_IPV4 : text;
  return [address, ANY_IPV4, MAPPED_PREFIX + address, ANY_IPV6];
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "latin1").trimEnd().split("\n");
  } catch {
    return [];
  }
}
