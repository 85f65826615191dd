/** The sockets of an environment, as the guard gets at them to connect and send in their owner's place. */
import { fstatSync, readFileSync, readlinkSync } from "node:fs";
import { forEachDescendant, openFilesOf } from "../../process-tree.ts";
import {
  type Answer,
  closeDescriptor,
  fetchDescriptor,
  giveDescriptor,
  intOf,
  linux,
  type Notification,
} from "../notifications.ts";
import type { Waits } from "./waits.ts";

export interface FoundSocket {
  /** A stream has one destination for good; `stream` is also what leads to no other host. */
  readonly kind: "stream" | "datagram";
  /** Of our own, for the same socket; undefined where there is none (any more). */
  readonly descriptor: number | undefined;
}

export interface Sockets {
  /** Makes one in the caller's place. */
  make(listener: number, notification: Notification): Answer;
  /** The negative number of an error when there is no such socket. */
  find(thread: number, descriptor: number): FoundSocket | number;
  /** After each use. */
  release(socket: FoundSocket): void;
  /** It is connected, or listens: nothing is to be done with it any more. */
  forget(socket: FoundSocket): void;
  /** It is about to be connected. */
  settle(socket: FoundSocket, waits: Waits): Promise<void>;
  /** All processes of the environment are gone. */
  close(): void;
}

const EBADF = -9;
const EACCES = -13;
const EPROTONOSUPPORT = -93;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const TYPE_MASK = 0xf;
const SOCK_CLOEXEC = 0o2000000;

/** Where the system lets a process take another's descriptors: each is taken when it is needed. */
export class FetchedSockets implements Sockets {
  make(): Answer {
    return "go on";
  }

  find(thread: number, descriptor: number): FoundSocket | number {
    const fetched = fetchDescriptor(thread, descriptor);
    if (fetched < 0) return fetched;
    const isDatagram = optionOf(fetched, SO_TYPE) === SOCK_DGRAM && optionOf(fetched, SO_DOMAIN) !== AF_UNIX;
    return { kind: isDatagram ? "datagram" : "stream", descriptor: fetched };
  }

  release({ descriptor }: FoundSocket): void {
    if (descriptor !== undefined) closeDescriptor(descriptor);
  }

  forget(): void {}

  async settle(): Promise<void> {}

  close(): void {}
}

/** So many copies are kept of one environment's sockets that connect or send nowhere for good. */
const COPIES_MAX = 256;
const KINDS_MAX = 4096;
const LOOK_AGAIN_AFTER_MS = 1000;
const LOOK_MS_MAX = 50;

/** TCP, its multipath form, UDP, and pings, for whoever may send them. Zero is the type's own. */
const PROTOCOLS: Readonly<Record<number, readonly number[]>> = {
  [SOCK_STREAM]: [0, 6, 262],
  [SOCK_DGRAM]: [0, 17, 1, 58],
};

interface Copy extends FoundSocket {
  readonly descriptor: number;
  readonly inode: number;
  /** A number that is closed while somebody works with it is soon another file's. */
  uses: number;
  isOver: boolean;
}

/**
 * Where it does not, as in a container without the privilege to trace: the guard makes the sockets itself, and keeps a copy of each until
 * it has its connection, listens, or is closed by whom it was made for.
 */
export class KeptSockets implements Sockets {
  readonly #root: number;
  readonly #copies = new Map<number, Copy>();
  /** By inode: also of those of which there is no copy any more. */
  readonly #kinds = new Map<number, FoundSocket["kind"]>();
  #lookAgainAtMs = 0;

  /** @param root what all processes of the environment descend from. */
  constructor(root: number) {
    this.#root = root;
  }

  make(listener: number, { id, args }: Notification): Answer {
    const [domain, type, protocol] = [intOf(args[0]), intOf(args[1]), intOf(args[2])];
    // Who answers may have the privilege to make others.
    if (!PROTOCOLS[type & TYPE_MASK]?.includes(protocol)) return EPROTONOSUPPORT;
    const descriptor = linux("socket", domain, type | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) return descriptor;
    const given = giveDescriptor(listener, id, { descriptor, flags: type & SOCK_CLOEXEC });
    if (given !== "given") {
      closeDescriptor(descriptor);
      return given;
    }
    this.#dropClosed();
    const copy: Copy = {
      kind: (type & TYPE_MASK) === SOCK_DGRAM ? "datagram" : "stream",
      descriptor,
      inode: fstatSync(descriptor).ino,
      uses: 0,
      isOver: false,
    };
    this.#copies.set(copy.inode, copy);
    this.#learn(copy.inode, copy.kind);
    for (const oldest of this.#copies.values()) {
      if (this.#copies.size <= COPIES_MAX) break;
      this.#drop(oldest);
    }
    return given;
  }

  find(thread: number, descriptor: number): FoundSocket | number {
    const inode = inodeOf(thread, descriptor);
    if (inode === undefined) return EBADF;
    const copy = this.#copies.get(inode);
    if (copy) {
      copy.uses++;
      return copy;
    }
    const kind = this.#kinds.get(inode) ?? (isStream(thread, inode) ? "stream" : undefined);
    if (kind === undefined) return EACCES;
    this.#learn(inode, kind);
    return { kind, descriptor: undefined };
  }

  release(socket: FoundSocket): void {
    if (!isCopy(socket)) return;
    socket.uses--;
    if (socket.isOver && socket.uses === 0) closeDescriptor(socket.descriptor);
  }

  forget(socket: FoundSocket): void {
    if (isCopy(socket) && socket.kind === "stream") this.#drop(socket);
  }

  /** Only one that got its connection is let go of: its owner may try again with another. */
  async settle(socket: FoundSocket, waits: Waits): Promise<void> {
    if (!isCopy(socket) || socket.kind !== "stream") return;
    socket.uses++;
    await waits.until({ descriptor: socket.descriptor, isCall: false, isWanted: () => !socket.isOver });
    const isConnected = linux("getpeername", socket.descriptor, Buffer.alloc(128), new Uint32Array([128])) === 0;
    if (isConnected) this.forget(socket);
    this.release(socket);
  }

  close(): void {
    for (const copy of this.#copies.values()) this.#drop(copy);
  }

  #drop(copy: Copy): void {
    if (!this.#copies.delete(copy.inode)) return;
    copy.isOver = true;
    if (copy.uses === 0) closeDescriptor(copy.descriptor);
  }

  #learn(inode: number, kind: FoundSocket["kind"]): void {
    this.#kinds.set(inode, kind);
    for (const oldest of this.#kinds.keys()) {
      if (this.#kinds.size <= KINDS_MAX) break;
      this.#kinds.delete(oldest);
    }
  }

  /** Nobody says when a socket is closed, and what keeps a copy keeps its port. */
  #dropClosed(): void {
    if (this.#copies.size === 0 || performance.now() < this.#lookAgainAtMs) return;
    this.#lookAgainAtMs = performance.now() + LOOK_AGAIN_AFTER_MS;
    const untilMs = performance.now() + LOOK_MS_MAX;
    const open = new Set<string>();
    const look = (pid: number): boolean => {
      for (const link of openFilesOf(pid)) open.add(link);
      return performance.now() < untilMs;
    };
    if (!look(this.#root) || !forEachDescendant(this.#root, look)) return; // too many files: not all are known
    for (const copy of this.#copies.values()) if (!open.has(`socket:[${copy.inode}]`)) this.#drop(copy);
  }
}

const isCopy = (socket: FoundSocket): socket is Copy => "inode" in socket;

/** Of the level of sockets. */
export function optionOf(socket: number, option: number): number {
  const value = new Int32Array(1);
  linux("getsockopt", socket, SOL_SOCKET, option, value, new Uint32Array([value.byteLength]));
  return value[0] ?? 0;
}

function inodeOf(thread: number, descriptor: number): number | undefined {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${thread}/fd/${descriptor}`))?.[1];
    return inode === undefined ? undefined : Number(inode);
  } catch {
    return undefined; // it has no such descriptor
  }
}

/** Tables of sockets, and in which column they have the inode. Those that were accepted, or made in pairs, are found here. */
const TABLES = [
  { file: "tcp", column: 9 },
  { file: "tcp6", column: 9 },
  { file: "unix", column: 6 },
];

function isStream(thread: number, inode: number): boolean {
  return TABLES.some(({ file, column }) => {
    try {
      const lines = readFileSync(`/proc/${thread}/net/${file}`, "latin1").split("\n");
      return lines.some((line) => line.trim().split(/\s+/)[column] === String(inode));
    } catch {
      return false; // there is no IPv6, say
    }
  });
}
