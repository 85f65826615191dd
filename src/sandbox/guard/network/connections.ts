/**
 * Decides about the calls of one environment that lead to other hosts. It makes an allowed call itself, on the caller's own socket and with the
 * address that it looked at: letting the kernel go on would have it read the caller's memory again, which says something else by then.
 */
import type { SyscallName } from "../../seccomp/syscalls.ts";
import { briefly } from "../brief.ts";
import {
  type Answer,
  intOf,
  linux,
  type Notification,
  type Piece,
  readMemory,
  readPieces,
  stillWaits,
  writeMemory,
} from "../notifications.ts";
import { ANY_PORT, type Judge } from "./judge.ts";
import { ownsListener } from "./own-listener.ts";
import { readSocketAddress } from "./socket-address.ts";
import { type FoundSocket, optionOf, type Sockets } from "./sockets.ts";
import type { Waits } from "./waits.ts";

export interface ConnectionsOptions {
  readonly listener: number;
  /** What all processes of the environment descend from: what they listen on is theirs. */
  readonly root: number;
  readonly judge: Judge;
  readonly sockets: Sockets;
  readonly onRefused: (destination: string) => void;
  readonly waits: Waits;
}

const EINTR = -4;
const EAGAIN = -11;
const EFAULT = -14;
const EINVAL = -22;
const EACCES = -13;
const EMSGSIZE = -90;
const EOPNOTSUPP = -95;
const EAFNOSUPPORT = -97;
const EINPROGRESS = -115;

const ADDRESS_BYTES_MAX = 128; // struct sockaddr_storage
const DATAGRAM_BYTES_MAX = 65_535;
const VECTORS_MAX = 1024;
const MESSAGES_MAX = 16; // of one sendmmsg; the caller comes again for the others
const MESSAGE_HEADER_BYTES = 56;
const MANY_HEADER_BYTES = 64;

const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const SO_ERROR = 4;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const MSG_ZEROCOPY = 0x4000000;
const MSG_FASTOPEN = 0x20000000;

export class Connections {
  readonly #options: ConnectionsOptions;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  async decide(call: SyscallName, notification: Notification): Promise<Answer> {
    const { listener, sockets } = this.#options;
    const { id, thread, args } = notification;
    if (call === "socket") return sockets.make(listener, notification);
    const socket = sockets.find(thread, intOf(args[0]));
    if (typeof socket === "number") return socket;
    try {
      if (!stillWaits(listener, id)) return EACCES;
      return await this.#perform(call, notification, socket);
    } finally {
      sockets.release(socket);
    }
  }

  #perform(call: SyscallName, { id, thread, args }: Notification, socket: FoundSocket): Answer | Promise<Answer> {
    if (call === "listen") {
      this.#options.sockets.forget(socket);
      return "go on";
    }
    if (call === "connect") return this.#connect({ id, thread }, { socket, address: args[1], length: args[2] });
    const flags = intOf(call === "sendmsg" ? args[2] : args[3]);
    // A stream's destination is that of its connection, whatever else is said, but for one that begins with what it sends.
    if (socket.kind === "stream") return (flags & MSG_FASTOPEN) === 0 ? "go on" : EOPNOTSUPP;
    if (call === "sendto") {
      const [, address = 0n, length = 0n, , name = 0n, nameLength = 0n] = args;
      return this.#send(thread, { socket, flags, name, nameLength, pieces: [{ address, length }] });
    }
    if (call === "sendmsg") return this.#sendMessage(thread, { socket, flags, header: args[1] ?? 0n });
    return this.#sendMany(thread, { socket, flags, headers: args[1] ?? 0n, count: intOf(args[2]) });
  }

  async #connect(
    { id, thread }: Pick<Notification, "id" | "thread">,
    {
      socket,
      address = 0n,
      length = 0n,
    }: { socket: FoundSocket; address: bigint | undefined; length: bigint | undefined },
  ): Promise<Answer> {
    const name = nameOf(thread, address, length);
    if (typeof name === "number") return name;
    const refusal = await this.#refusalOf(name, { kind: socket.kind, isSent: false });
    return refusal ?? this.#connectTo(socket, { name, id });
  }

  /** A socket that waits for its connection is waited for here, without keeping anybody else waiting. */
  async #connectTo(found: FoundSocket, { name, id }: { name: Uint8Array; id: bigint }): Promise<number> {
    const { listener, sockets, waits } = this.#options;
    const { descriptor } = found;
    if (descriptor === undefined) return EACCES;
    const flags = linux("fcntl", descriptor, F_GETFL, 0);
    const isBlocking = (flags & O_NONBLOCK) === 0;
    if (isBlocking && waits.isFull) return EAGAIN;
    if (isBlocking) linux("fcntl", descriptor, F_SETFL, flags | O_NONBLOCK);
    // Its owner may undo that meanwhile, and would have us wait.
    const answer = briefly(() => linux("connect", descriptor, name, name.length));
    let result = answer === EINTR ? EINPROGRESS : answer;
    if (isBlocking && result === EINPROGRESS) {
      await waits.until({ descriptor, isCall: true, isWanted: () => stillWaits(listener, id) });
      result = -optionOf(descriptor, SO_ERROR); // asked for once, and gone then
    }
    if (isBlocking) linux("fcntl", descriptor, F_SETFL, flags);
    if (result === EINPROGRESS) void sockets.settle(found, waits);
    else if (result === 0) sockets.forget(found);
    return result;
  }

  async #sendMany(
    thread: number,
    { socket, flags, headers, count }: { socket: FoundSocket; flags: number; headers: bigint; count: number },
  ): Promise<Answer> {
    let sent = 0;
    for (; sent < Math.min(count, MESSAGES_MAX); sent++) {
      const header = headers + BigInt(sent * MANY_HEADER_BYTES);
      const result = await this.#sendMessage(thread, { socket, flags, header });
      if (result < 0) return sent > 0 ? sent : result;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(result);
      if (!writeMemory(thread, header + BigInt(MESSAGE_HEADER_BYTES), length)) return EFAULT;
    }
    return sent;
  }

  async #sendMessage(
    thread: number,
    { socket, flags, header }: { socket: FoundSocket; flags: number; header: bigint },
  ): Promise<number> {
    const bytes = readMemory(thread, header, MESSAGE_HEADER_BYTES);
    if (!bytes) return EFAULT;
    const count = Number(bytes.readBigUInt64LE(24));
    if (count > VECTORS_MAX) return EMSGSIZE;
    const vectors = readMemory(thread, bytes.readBigUInt64LE(16), count * 16);
    if (!vectors) return EFAULT;
    const pieces = Array.from({ length: count }, (_, at) => ({
      address: vectors.readBigUInt64LE(at * 16),
      length: vectors.readBigUInt64LE(at * 16 + 8),
    }));
    const nameLength = BigInt(bytes.readUInt32LE(8));
    return this.#send(thread, { socket, flags, name: bytes.readBigUInt64LE(0), nameLength, pieces });
  }

  async #send(thread: number, datagram: Datagram): Promise<number> {
    const { socket, flags, name: address, nameLength, pieces } = datagram;
    const total = pieces.reduce((sum, { length }) => sum + length, 0n);
    if (total > DATAGRAM_BYTES_MAX) return EMSGSIZE;
    if ((flags & MSG_ZEROCOPY) !== 0) return EOPNOTSUPP; // the pages would be ours, and soon hold something else
    const payload = readPieces(thread, pieces);
    if (payload === undefined) return EFAULT;
    const name = address === 0n ? undefined : nameOf(thread, address, nameLength);
    if (typeof name === "number") return name;
    const refusal = name && (await this.#refusalOf(name, { kind: "datagram", isSent: true }));
    if (refusal !== undefined) return refusal;
    if (socket.descriptor === undefined) return EACCES;
    const quick = flags | MSG_NOSIGNAL | MSG_DONTWAIT;
    return linux("sendto", socket.descriptor, orNothing(payload), payload.length, quick, name ?? 0, name?.length ?? 0);
  }

  async #refusalOf(
    name: Uint8Array,
    { kind, isSent }: { kind: FoundSocket["kind"]; isSent: boolean },
  ): Promise<number | undefined> {
    const to = readSocketAddress(name);
    if (to === undefined) return EAFNOSUPPORT;
    // Connecting to none undoes a connection. What is sent to none goes to the IPv4 address behind it: source udp_sendmsg, net/ipv4/udp.c.
    if (to.family === "none") return isSent ? EAFNOSUPPORT : undefined;
    const { judge, root, onRefused } = this.#options;
    const protocol = kind === "stream" ? "tcp" : "udp";
    if (await judge.allows(to, () => ownsListener(root, { ...to, protocol }))) return undefined;
    if (to.port !== ANY_PORT)
      onRefused(to.family === "ipv6" ? `[${to.address}]:${to.port}` : `${to.address}:${to.port}`);
    return EACCES;
  }
}

interface Datagram {
  readonly socket: FoundSocket;
  readonly flags: number;
  /** An address, and where in memory it is; 0: none. */
  readonly name: bigint;
  readonly nameLength: bigint;
  readonly pieces: readonly Piece[];
}

function nameOf(thread: number, address: bigint, length: bigint): Uint8Array | number {
  const bytes = intOf(length);
  if (bytes < 0 || bytes > ADDRESS_BYTES_MAX) return EINVAL;
  return readMemory(thread, address, bytes) ?? EFAULT;
}

/** There is no pointer to an empty array. */
const orNothing = (bytes: Uint8Array): Uint8Array | number => (bytes.length === 0 ? 0 : bytes);
