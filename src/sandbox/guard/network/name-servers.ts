/** The resolvers that the system's library asks. Source: resolv.conf(5). */
import { readFileSync } from "node:fs";

export function nameServers(): readonly string[] {
  let text: string;
  try {
    text = readFileSync("/etc/resolv.conf", "latin1");
  } catch {
    return ["127.0.0.1"]; // the library's own default
  }
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
}
