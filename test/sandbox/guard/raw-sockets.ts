/** The C library's socket calls, as a program in another language makes them. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";

const { i32, u64, ptr: pointer } = FFIType;
const libc = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  connect: { args: [i32, pointer, i32], returns: i32 },
  sendto: { args: [i32, pointer, u64, i32, pointer, i32], returns: i32 },
  sendmsg: { args: [i32, pointer, i32], returns: i32 },
  sendmmsg: { args: [i32, pointer, i32, i32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  getsockname: { args: [i32, pointer, pointer], returns: i32 },
  dup2: { args: [i32, i32], returns: i32 },
  setitimer: { args: [i32, pointer, pointer], returns: i32 },
  close: { args: [i32], returns: i32 },
  __errno_location: { args: [], returns: pointer },
}).symbols;

export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;

/** Of a blocking socket. */
export const open = (type: number): number => libc.socket(AF_INET, type, 0);
export const close = (socket: number): number => libc.close(socket);

/** Makes one number stand for what another does. */
export const replace = (by: number, socket: number): number => libc.dup2(by, socket);

/** Sends the process SIGALRM again and again. */
export const interruptEvery = (microseconds: number): number =>
  libc.setitimer(0, ptr(BigInt64Array.of(0n, BigInt(microseconds), 0n, BigInt(microseconds))), null);

/** Listens at a port of all addresses, and lets nobody in: the few for whom there is room wait there, others are not answered. */
export function listenSilently(): { readonly port: number; close(): void } {
  const sockets = [open(SOCK_STREAM)];
  const [listener = -1] = sockets;
  libc.listen(listener, 0);
  const name = Buffer.alloc(16);
  libc.getsockname(listener, ptr(name), ptr(Uint32Array.of(name.length)));
  const port = name.readUInt16BE(2);
  for (let n = 0; n < 4; n++) {
    sockets.push(open(SOCK_STREAM | 0o4000));
    connect(sockets.at(-1) ?? -1, addressOf("127.0.0.1", port));
  }
  return { port, close: () => sockets.forEach(close) };
}

export const addressOf = (address: string, port: number): Uint8Array =>
  Uint8Array.from([AF_INET, 0, port >> 8, port & 255, ...address.split(".").map(Number), ...Array(8).fill(0)]);

export const connect = (socket: number, address: Uint8Array): number =>
  resultOf(libc.connect(socket, ptr(address), address.length));

export const sendTo = (socket: number, text: string, address: Uint8Array, flags = 0): number => {
  const bytes = Buffer.from(text);
  return resultOf(libc.sendto(socket, ptr(bytes), bytes.length, flags, ptr(address), address.length));
};

export function sendMessage(socket: number, parts: readonly string[], address?: Uint8Array, flags = 0): number {
  const message = messageOf(parts, address);
  return resultOf(libc.sendmsg(socket, ptr(message.header), flags));
}

/** What was sent of each, behind the result. */
export function sendMessages(socket: number, texts: readonly string[], address?: Uint8Array): number[] {
  const messages = texts.map((text) => messageOf([text], address));
  const headers = Buffer.concat(messages.map(({ header }) => Buffer.concat([header, Buffer.alloc(8)])));
  const result = resultOf(libc.sendmmsg(socket, ptr(headers), messages.length, 0));
  return [result, ...messages.map((_, at) => headers.readUInt32LE(at * 64 + 56))];
}

function messageOf(parts: readonly string[], address: Uint8Array | undefined) {
  const bytes = parts.map((part) => Buffer.from(part));
  const vectors = new BigUint64Array(bytes.flatMap((each) => [BigInt(ptr(each)), BigInt(each.length)]));
  const header = Buffer.alloc(56);
  if (address) {
    header.writeBigUInt64LE(BigInt(ptr(address)), 0);
    header.writeUInt32LE(address.length, 8);
  }
  header.writeBigUInt64LE(BigInt(ptr(vectors)), 16);
  header.writeBigUInt64LE(BigInt(bytes.length), 24);
  return { header, kept: [bytes, vectors, address] };
}

const resultOf = (result: number): number => (result < 0 ? -read.i32(libc.__errno_location() as never, 0) : result);
