/**
 * The TCP connections that this process has accepted, asked of the C library, as Bun has no list of them. For Linux.
 * Source: getsockname(2), getpeername(2), shutdown(2), tcp(7), `struct tcp_info` in linux/tcp.h.
 */
import { FFIType, ptr, read } from "bun:ffi";
import { descriptorCount, descriptorNumbersEnd } from "./descriptors.ts";
import { openLibc } from "./libc.ts";

export interface Connection {
  readonly descriptor: number;
  /** Who is at the other end: an address of version 4, or the half of one of version 6 that names a network. */
  readonly network: string;
  readonly peerPort: number;
  /** How long no byte has come or gone. */
  readonly quietMs: number;
}

interface SocketLibrary {
  getsockname(descriptor: number, address: unknown, length: unknown): number;
  getpeername(descriptor: number, address: unknown, length: unknown): number;
  getsockopt(descriptor: number, level: number, name: number, value: unknown, length: unknown): number;
  shutdown(descriptor: number, how: number): number;
  __errno_location(): number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const SHUT_RDWR = 2;
const EBADF = 9;

/** In `struct tcp_info`. */
const STATE_AT = 0;
const LAST_SENT_AT = 44;
const LAST_RECEIVED_AT = 52;
const INFO_BYTES = 56;
/** Those in which a connection has not been ended from here. */
const ESTABLISHED = 1;
const CLOSE_WAIT = 8;

const ADDRESS_BYTES = 28; // struct sockaddr_in6

export class Connections {
  readonly #libc = openLibc<SocketLibrary>({
    getsockname: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    getpeername: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    getsockopt: { args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    shutdown: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  readonly #address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  readonly #info = new DataView(new ArrayBuffer(INFO_BYTES));
  readonly #length = new DataView(new ArrayBuffer(4));
  readonly #addressAt = ptr(this.#address);
  readonly #infoAt = ptr(this.#info);
  readonly #lengthAt = ptr(this.#length);

  /** Those that somebody opened to one of our ports, and nobody has ended yet. Takes 2 µs for each descriptor. */
  at(ports: ReadonlySet<number>): Connection[] {
    const found: Connection[] = [];
    const end = descriptorNumbersEnd();
    let left = descriptorCount();
    for (let descriptor = 0; descriptor < end && left > 0; descriptor++) {
      const port = this.#ownPort(descriptor);
      if (port === undefined) continue;
      left--;
      if (!ports.has(port)) continue;
      const connection = this.#connection(descriptor);
      if (connection) found.push(connection);
    }
    return found;
  }

  /** False when it is not there any more. Bun sees the end as if the other side had hung up, and closes. */
  shut({ descriptor, network, peerPort }: Connection): boolean {
    const now = this.#connection(descriptor);
    if (now?.network !== network || now.peerPort !== peerPort) return false;
    return this.#libc.shutdown(descriptor, SHUT_RDWR) === 0;
  }

  /** 0 for what is no TCP socket, undefined where there is nothing. */
  #ownPort(descriptor: number): number | undefined {
    if (this.#name("getsockname", descriptor)) return this.#port();
    return read.i32(this.#libc.__errno_location() as never) === EBADF ? undefined : 0;
  }

  /** Undefined for a listener, and for what is over. */
  #connection(descriptor: number): Connection | undefined {
    if (!this.#name("getpeername", descriptor)) return undefined;
    const network = this.#network();
    const peerPort = this.#port();
    this.#length.setInt32(0, INFO_BYTES, true);
    if (this.#libc.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, this.#infoAt, this.#lengthAt) !== 0) return undefined;
    const state = this.#info.getUint8(STATE_AT);
    if (state !== ESTABLISHED && state !== CLOSE_WAIT) return undefined;
    const quietMs = Math.min(this.#info.getUint32(LAST_SENT_AT, true), this.#info.getUint32(LAST_RECEIVED_AT, true));
    return { descriptor, network, peerPort, quietMs };
  }

  #name(which: "getsockname" | "getpeername", descriptor: number): boolean {
    this.#length.setInt32(0, ADDRESS_BYTES, true);
    return this.#libc[which](descriptor, this.#addressAt, this.#lengthAt) === 0;
  }

  #port(): number {
    const family = this.#address.getUint16(0, true);
    return family === AF_INET || family === AF_INET6 ? this.#address.getUint16(2) : 0;
  }

  #network(): string {
    const version4At = this.#address.getUint16(0, true) === AF_INET ? 4 : this.#isMapped() ? 20 : undefined;
    if (version4At !== undefined) return [0, 1, 2, 3].map((at) => this.#address.getUint8(version4At + at)).join(".");
    return `${[8, 10, 12, 14].map((at) => this.#address.getUint16(at).toString(16)).join(":")}::/64`;
  }

  /** An address of version 4 in one of version 6. */
  #isMapped(): boolean {
    const address = this.#address;
    return address.getUint32(8) === 0 && address.getUint32(12) === 0 && address.getUint32(16) === 0xffff;
  }
}
