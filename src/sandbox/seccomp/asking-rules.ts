/** What a process under a filter that asks is to ask about. */
import { HANDOVER_FLAGS, LIFELINE_DESCRIPTOR, OWN_PROCESS } from "../../../runtime/protocol.ts";
import type { Condition, Rule } from "./filter.ts";

export interface Asked {
  /** Starting processes and threads, where the kernel does not count them for each environment. */
  readonly aboutTasks: boolean;
  /** Signals, where Landlock does not keep them in. */
  readonly aboutSignals: boolean;
  /** Changes of modes, times and owners, which are otherwise refused where files of the host could be meant. */
  readonly aboutFiles: boolean;
  /** Opening files as the C library does to read them, since a process may not open its own folder in /proc. */
  readonly aboutOpening: boolean;
  /** Making sockets, since nobody can take a copy of them afterwards. */
  readonly aboutSockets: boolean;
}

const EPERM = 1;
const EACCES = 13;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_TYPE_MASK = 0xf;
const SOCK_DGRAM = 2;
/** Without O_RDONLY alone: the engine looks at its own memory that way all the time. */
const O_RDONLY_CLOEXEC = 0o2000000;

/** `sendto` without an address is `send`. A pointer is compared in halves, as all of it could be in one. */
const hasAddress: readonly (readonly Condition[])[] = [
  [{ argument: 4, isNot: [0] }],
  [{ argument: 4, half: "high", isNot: [0] }],
];

/** The one message that gives the host the other side of the filter: who asks cannot be answered before. */
const isNoHandover: readonly (readonly Condition[])[] = [
  [{ argument: 0, isNot: [LIFELINE_DESCRIPTOR] }],
  [{ argument: 2, isNot: [HANDOVER_FLAGS] }],
];

/** What leads to another host: connecting, and datagrams with an address of their own. Plain sends on a connected socket are not asked about. */
const CONNECTIONS: readonly Rule[] = [
  { answer: "ask", calls: ["connect", "sendmmsg"] },
  { answer: "ask", calls: ["sendmsg"], when: isNoHandover },
  { answer: "ask", calls: ["sendto"], when: hasAddress },
];

const SOCKETS: readonly Rule[] = [
  { answer: "ask", calls: ["listen"] },
  { answer: "ask", calls: ["socket"], when: [[{ argument: 0, is: [AF_INET, AF_INET6] }]] },
];

const TASKS: readonly Rule[] = [{ answer: "ask", calls: ["clone", "fork", "vfork"] }];

/** To itself, as the engine and the C library do, a process may always send one; and zero is its own group. */
const SIGNALS: readonly Rule[] = [
  { answer: "ask", calls: ["kill"], when: [[{ argument: 0, isNot: [0, OWN_PROCESS] }]] },
  { answer: "ask", calls: ["tgkill"], when: [[{ argument: 0, isNot: [OWN_PROCESS] }]] },
  { answer: "ask", calls: ["tkill"] },
];

const FILES: readonly Rule[] = [
  {
    answer: "ask",
    calls: [
      ...(["chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat"] as const),
      ...(["chown", "fchown", "lchown", "fchownat", "truncate"] as const),
    ],
  },
];

const OPENING: readonly Rule[] = [
  { answer: "ask", calls: ["openat"], when: [[{ argument: 2, is: [O_RDONLY_CLOEXEC] }]] },
];

export const askingRules = ({
  aboutTasks,
  aboutSignals,
  aboutFiles,
  aboutOpening,
  aboutSockets,
}: Asked): readonly Rule[] => [
  ...CONNECTIONS,
  ...(aboutTasks ? TASKS : []),
  ...(aboutSignals ? SIGNALS : []),
  ...(aboutFiles ? FILES : []),
  ...(aboutOpening ? OPENING : []),
  ...(aboutSockets ? SOCKETS : []),
];

/** For who may reach nothing: there is nothing to send a datagram with, whatever is asked and answered. */
export const NO_DATAGRAMS: Rule = {
  answer: { errno: EACCES },
  calls: ["socket"],
  when: [
    [
      { argument: 0, is: [AF_INET, AF_INET6] },
      { argument: 1, mask: SOCK_TYPE_MASK, is: [SOCK_DGRAM] },
    ],
  ],
};

/** Put on behind it: nobody hands over anything a second time. */
export const AFTER_HANDOVER: readonly Rule[] = [
  { answer: { errno: EPERM }, calls: ["sendmsg"], when: [[{ argument: 2, is: [HANDOVER_FLAGS] }]] },
];
