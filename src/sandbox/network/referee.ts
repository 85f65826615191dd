/**
 * Answers the calls of one environment that lead to other hosts. It makes an allowed call itself, on the caller's own socket and with the
 * address that it looked at: letting the kernel go on would have it read the caller's memory again, which says something else by then.
 */
import { ANY_PORT, type Judge } from "./judge.ts";
import {
  type Answer,
  answer,
  closeDescriptor,
  fetchDescriptor,
  linux,
  type Notification,
  readMemory,
  stillWaits,
  writeMemory,
} from "./notifications.ts";
import { ownsListener } from "./own-listener.ts";
import { readSocketAddress } from "./socket-address.ts";

export interface RefereeOptions {
  readonly listener: number;
  /** The environment's first process: what it or its children listen on is theirs. */
  readonly root: number;
  readonly judge: Judge;
  /** The numbers of the calls that are asked about. */
  readonly calls: {
    readonly connect: number;
    readonly sendto: number;
    readonly sendmsg: number;
    readonly sendmmsg: number;
  };
  readonly onRefused: (destination: string) => void;
  /** Resolves when a connection is there, or failed. */
  readonly untilWritable: (descriptor: number) => Promise<void>;
}

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
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const MSG_FASTOPEN = 0x20000000;

export class Referee {
  readonly #options: RefereeOptions;

  constructor(options: RefereeOptions) {
    this.#options = options;
  }

  /** Never throws: who waits is answered in any case. */
  async handle(notification: Notification): Promise<void> {
    const { listener } = this.#options;
    let said: Answer = EACCES;
    try {
      said = await this.#decide(notification);
    } finally {
      answer(listener, notification.id, said);
    }
  }

  async #decide(notification: Notification): Promise<Answer> {
    const { id, thread, args } = notification;
    const socket = fetchDescriptor(thread, intOf(args[0]));
    if (socket < 0) return socket;
    try {
      if (!stillWaits(this.#options.listener, id)) return EACCES;
      return await this.#perform(notification, socket);
    } finally {
      closeDescriptor(socket);
    }
  }

  #perform({ thread, call, args }: Notification, socket: number): Answer | Promise<Answer> {
    const { calls } = this.#options;
    if (call === calls.connect) return this.#connect(thread, { socket, address: args[1], length: args[2] });
    const flags = intOf(call === calls.sendmmsg ? args[3] : call === calls.sendto ? args[3] : args[2]);
    // A stream's destination is that of its connection, whatever else is said, but for one that begins with what it sends.
    if (optionOf(socket, SO_TYPE) !== SOCK_DGRAM || optionOf(socket, SO_DOMAIN) === AF_UNIX)
      return (flags & MSG_FASTOPEN) === 0 ? "go on" : EOPNOTSUPP;
    if (call === calls.sendto) {
      const [, address = 0n, length = 0n, , name = 0n, nameLength = 0n] = args;
      return this.#send(thread, { socket, flags, name, nameLength, pieces: [{ address, length }] });
    }
    if (call === calls.sendmsg) return this.#sendMessage(thread, { socket, flags, header: args[1] ?? 0n });
    return this.#sendMany(thread, { socket, flags, headers: args[1] ?? 0n, count: intOf(args[2]) });
  }

  async #connect(
    thread: number,
    { socket, address = 0n, length = 0n }: { socket: number; address: bigint | undefined; length: bigint | undefined },
  ): Promise<Answer> {
    const name = nameOf(thread, address, length);
    if (typeof name === "number") return name;
    const refusal = await this.#refusalOf(name);
    return refusal ?? this.#connectTo(socket, name);
  }

  /** A socket that waits for its connection is waited for here, without keeping anybody else waiting. */
  async #connectTo(socket: number, name: Uint8Array): Promise<number> {
    const flags = linux("fcntl", socket, F_GETFL, 0);
    const waits = (flags & O_NONBLOCK) === 0;
    if (waits) linux("fcntl", socket, F_SETFL, flags | O_NONBLOCK);
    let result = linux("connect", socket, name, name.length);
    if (waits && result === EINPROGRESS) {
      await this.#options.untilWritable(socket);
      result = -optionOf(socket, SO_ERROR);
    }
    if (waits) linux("fcntl", socket, F_SETFL, flags);
    return result;
  }

  async #sendMany(
    thread: number,
    { socket, flags, headers, count }: { socket: number; flags: number; headers: bigint; count: number },
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
    { socket, flags, header }: { socket: number; flags: number; header: bigint },
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
    const parts = pieces.map((piece) => readMemory(thread, piece.address, Number(piece.length)));
    if (!parts.every((part) => part !== undefined)) return EFAULT;
    const payload = Buffer.concat(parts);
    const name = address === 0n ? undefined : nameOf(thread, address, nameLength);
    if (typeof name === "number") return name;
    const refusal = name && (await this.#refusalOf(name));
    if (refusal !== undefined) return refusal;
    const quick = flags | MSG_NOSIGNAL | MSG_DONTWAIT;
    return linux("sendto", socket, orNothing(payload), payload.length, quick, name ?? 0, name?.length ?? 0);
  }

  async #refusalOf(name: Uint8Array): Promise<number | undefined> {
    const to = readSocketAddress(name);
    if (to === undefined) return EAFNOSUPPORT;
    if (to.family === "none") return undefined;
    const { judge, root, onRefused } = this.#options;
    if (await judge.allows(to, () => ownsListener(root, to.port))) return undefined;
    if (to.port !== ANY_PORT)
      onRefused(to.family === "ipv6" ? `[${to.address}]:${to.port}` : `${to.address}:${to.port}`);
    return EACCES;
  }
}

interface Datagram {
  readonly socket: number;
  readonly flags: number;
  /** An address, and where in memory it is; 0: none. */
  readonly name: bigint;
  readonly nameLength: bigint;
  readonly pieces: readonly { readonly address: bigint; readonly length: bigint }[];
}

function nameOf(thread: number, address: bigint, length: bigint): Uint8Array | number {
  const bytes = intOf(length);
  if (bytes < 0 || bytes > ADDRESS_BYTES_MAX) return EINVAL;
  return readMemory(thread, address, bytes) ?? EFAULT;
}

function optionOf(socket: number, option: number): number {
  const value = new Int32Array(1);
  linux("getsockopt", socket, SOL_SOCKET, option, value, new Uint32Array([value.byteLength]));
  return value[0] ?? 0;
}

/** What a C `int` makes of a register. */
const intOf = (word: bigint | undefined): number => Number(BigInt.asIntN(32, word ?? 0n));

/** There is no pointer to an empty array. */
const orNothing = (bytes: Uint8Array): Uint8Array | number => (bytes.length === 0 ? 0 : bytes);
