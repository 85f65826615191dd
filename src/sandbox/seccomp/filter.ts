/**
 * A seccomp filter from a table of rules, as the bytes of a classic BPF program. What no rule names is allowed.
 * Source: seccomp(2); Linux, include/uapi/linux/{bpf_common,seccomp,audit}.h.
 */
import { type Architecture, SYSCALL_NUMBER_MAX, type SyscallName, syscallNumber } from "./syscalls.ts";

/** Compares the low 32 bits of an argument, or its high ones, after `mask`. */
export interface Condition {
  readonly argument: 0 | 1 | 2 | 3 | 4 | 5;
  readonly half?: "low" | "high";
  readonly mask?: number;
  readonly is?: readonly number[];
  readonly isNot?: readonly number[];
}

export interface Rule {
  readonly calls: readonly SyscallName[];
  /** The error that refuses it, or whoever listens is asked. */
  readonly answer: { readonly errno: number } | "ask";
  /** When all conditions of one of these lists hold; absent: always. */
  readonly when?: readonly (readonly Condition[])[];
}

interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
}

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const GREATER = 0x25;
const AT_LEAST = 0x35;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000; // SECCOMP_RET_ERRNO
const ASK = 0x7fc00000; // SECCOMP_RET_USER_NOTIF
const KILL_PROCESS = 0x80000000;

const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const ARGUMENTS_AT = 16;
/** Both are little-endian: the low half comes first. */
const ARGUMENT_BYTES = 8;

const AUDIT_ARCHITECTURES: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const X32_BIT = 0x40000000;
export const ENOSYS = 38;

const INSTRUCTION_BYTES = 8;

/** The program for one architecture; a call through any other ends the process. */
export function seccompProgram(rules: readonly Rule[], architecture: Architecture): Uint8Array {
  return encode([
    load(ARCHITECTURE_AT),
    { code: EQUAL, k: AUDIT_ARCHITECTURES[architecture], ifTrue: 1 },
    answer(KILL_PROCESS),
    load(NUMBER_AT),
    ...(architecture === "x64" ? [{ code: AT_LEAST, k: X32_BIT, ifFalse: 1 }, answer(REFUSE | ENOSYS)] : []),
    { code: GREATER, k: SYSCALL_NUMBER_MAX, ifFalse: 1 },
    answer(REFUSE | ENOSYS),
    ...rules.flatMap((rule) => rule.calls.flatMap((call) => blockOf(call, rule, architecture))),
    answer(ALLOW),
  ]);
}

const load = (k: number): Instruction => ({ code: LOAD, k });
const answer = (k: number): Instruction => ({ code: RETURN, k });

/** Entered and, unless the call is refused, left with the call's number in the accumulator. */
function blockOf(call: SyscallName, { answer: said, when }: Rule, architecture: Architecture): Instruction[] {
  const number = syscallNumber(call, architecture);
  if (number === null) return [];
  const refuse = answer(said === "ask" ? ASK : REFUSE | said.errno);
  const body = when ? [...when.flatMap((conditions) => refusalOf(conditions, refuse)), load(NUMBER_AT)] : [refuse];
  return [{ code: EQUAL, k: number, ifFalse: body.length }, ...body];
}

/** Falls through to what follows unless all conditions hold. */
function refusalOf(conditions: readonly Condition[], refuse: Instruction): Instruction[] {
  let rest: Instruction[] = [refuse];
  for (const condition of conditions.toReversed()) rest = [...testOf(condition, rest.length), ...rest];
  return rest;
}

/** Goes on behind itself when the condition holds, and `skipped` instructions further when not. */
function testOf({ argument, half, mask, is, isNot }: Condition, skipped: number): Instruction[] {
  const values = is ?? isNot ?? [];
  const tests = values.map((value, at): Instruction => {
    const after = values.length - 1 - at; // of the tests that follow
    if (isNot) return { code: EQUAL, k: value, ifTrue: after + skipped };
    return { code: EQUAL, k: value, ifTrue: after, ifFalse: after === 0 ? skipped : 0 };
  });
  const masked = mask === undefined ? [] : [{ code: AND, k: mask }];
  const at = ARGUMENTS_AT + ARGUMENT_BYTES * argument + (half === "high" ? ARGUMENT_BYTES / 2 : 0);
  return [load(at), ...masked, ...tests];
}

function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, k, ifTrue = 0, ifFalse = 0 }] of instructions.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k >>> 0, true);
  }
  return bytes;
}
