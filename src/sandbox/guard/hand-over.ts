/** Takes what a runner hands over: the listener of its filter, as a message with a descriptor in it. Source: unix(7), cmsg(3). */
import { ptr } from "bun:ffi";
import { linux } from "./notifications.ts";

const MESSAGE_HEADER_BYTES = 56;
const CONTROL_BYTES = 24;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** @param socket our end of the lifeline. @returns a descriptor; undefined when nothing was handed over (yet). */
export function takeHandedOver(socket: number): number | undefined {
  const byte = new Uint8Array(1);
  const vector = new BigUint64Array([BigInt(ptr(byte)), BigInt(byte.length)]);
  const control = Buffer.alloc(CONTROL_BYTES);
  const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
  header.writeBigUInt64LE(BigInt(ptr(vector)), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(ptr(control)), 32);
  header.writeBigUInt64LE(BigInt(CONTROL_BYTES), 40);
  if (linux("recvmsg", socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return undefined;
  const isDescriptor = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS;
  return isDescriptor && header.readBigUInt64LE(40) > 0n ? control.readInt32LE(16) : undefined;
}
