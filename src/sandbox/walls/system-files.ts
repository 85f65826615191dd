/** What of the host every sandboxed process may read: programs, libraries, and what name resolution and TLS need. */
import { existsSync, lstatSync, readlinkSync } from "node:fs";

const PROGRAM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

const FILES = [
  "/etc/gai.conf",
  "/etc/host.conf",
  "/etc/hosts",
  "/etc/ld-musl-aarch64.path",
  "/etc/ld-musl-x86_64.path",
  "/etc/ld.so.cache",
  "/etc/localtime",
  "/etc/nsswitch.conf",
  "/etc/pki/tls/cert.pem",
  "/etc/protocols",
  "/etc/resolv.conf",
  "/etc/services",
  "/etc/ssl/cert.pem",
  "/etc/ssl/openssl.cnf",
];

/** Where certificates are, and what commands with several programs for them mean. */
const FOLDERS = [
  "/etc/alternatives",
  "/etc/ca-certificates/extracted",
  "/etc/crypto-policies",
  "/etc/pki/ca-trust/extracted",
  "/etc/pki/tls/certs",
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

export const systemFiles = (): string[] => FILES.filter((path) => existsSync(path));
export const systemFolders = (): string[] => FOLDERS.filter((path) => existsSync(path));

/** What the engine and `os.cpus()` ask for. */
export const MACHINE_FILES = ["/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage"];

/** Devices that hold nothing. */
export const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
