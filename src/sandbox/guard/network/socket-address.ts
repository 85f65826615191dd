/** `struct sockaddr`, as a process handed it to the kernel. Source: ip(7), ipv6(7). */

export type SocketAddress =
  | { readonly family: "ipv4" | "ipv6"; readonly address: string; readonly port: number }
  /** Undoes a connection. */
  | { readonly family: "none" };

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const IPV4_BYTES = 8; // family, port, address
const IPV6_BYTES = 24; // family, port, flow, address
const MAPPED_PREFIX = "00000000000000000000ffff";

/** Undefined for what is too short, or of a family that has no business here. */
export function readSocketAddress(bytes: Uint8Array): SocketAddress | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < 2) return undefined;
  switch (buffer.readUInt16LE(0)) {
    case AF_UNSPEC:
      return { family: "none" };
    case AF_INET:
      return buffer.length < IPV4_BYTES
        ? undefined
        : { family: "ipv4", address: ipv4(buffer.subarray(4, 8)), port: buffer.readUInt16BE(2) };
    case AF_INET6:
      return buffer.length < IPV6_BYTES ? undefined : ipv6(buffer.subarray(8, 24), buffer.readUInt16BE(2));
    default:
      return undefined;
  }
}

const ipv4 = (bytes: Buffer): string => bytes.join(".");

/** An IPv4 address in IPv6's clothes is the IPv4 address. */
function ipv6(bytes: Buffer, port: number): SocketAddress {
  if (bytes.subarray(0, 12).toString("hex") === MAPPED_PREFIX)
    return { family: "ipv4", address: ipv4(bytes.subarray(12)), port };
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return { family: "ipv6", address: groups.join(":"), port };
}

/** Of an address as it was read. */
export function bytesOf({ family, address }: { family: "ipv4" | "ipv6"; address: string }): Buffer {
  if (family === "ipv4") return Buffer.from(address.split(".").map(Number));
  return Buffer.concat(address.split(":").map((group) => Buffer.from(group.padStart(4, "0"), "hex")));
}
