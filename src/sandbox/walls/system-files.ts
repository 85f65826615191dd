/** What of the host every sandboxed process may read: programs, libraries, and what name resolution and TLS need. */
import { existsSync, lstatSync, readlinkSync } from "node:fs";

const PROGRAM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Small files that change with the system's software, and rarely. */
const SETTLED_FILES = [
  "/etc/gai.conf",
  "/etc/host.conf",
  "/etc/ld-musl-aarch64.path",
  "/etc/ld-musl-x86_64.path",
  "/etc/ld.so.cache",
  "/etc/localtime",
  "/etc/nsswitch.conf",
  "/etc/protocols",
  "/etc/services",
  "/etc/ssl/openssl.cnf",
];

/** What may change any day, or is large. */
const LIVE_FILES = [
  "/etc/alternatives",
  "/etc/ca-certificates",
  "/etc/crypto-policies",
  "/etc/hosts",
  "/etc/pki/ca-trust/extracted",
  "/etc/pki/tls/cert.pem",
  "/etc/pki/tls/certs",
  "/etc/resolv.conf",
  "/etc/ssl/cert.pem",
  "/etc/ssl/certs",
];

/** Those that are there: folders, and links with what they say (`/bin` → `usr/bin`). */
export function programFolders(): { folders: string[]; links: { at: string; to: string }[] } {
  const there = PROGRAM_FOLDERS.filter((path) => existsSync(path));
  const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();
  return {
    folders: there.filter((path) => !isLink(path)),
    links: there.filter(isLink).map((at) => ({ at, to: readlinkSync(at) })),
  };
}

export const settledFiles = (): string[] => SETTLED_FILES.filter((path) => existsSync(path));
export const liveFiles = (): string[] => LIVE_FILES.filter((path) => existsSync(path));

/** What the engine and `os.cpus()` ask for. */
export const MACHINE_FILES = ["/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage"];

/** Devices that hold nothing. */
export const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
