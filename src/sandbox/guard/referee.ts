/** Answers the calls of one environment that its filter asks about. */
import type { SyscallName } from "../seccomp/syscalls.ts";
import type { OwnFiles } from "./files/own-files.ts";
import { openOwnProc } from "./files/own-proc.ts";
import type { Connections } from "./network/connections.ts";
import { type Answer, answer, type Notification } from "./notifications.ts";
import type { Signals } from "./signals.ts";
import type { Tasks } from "./tasks.ts";

export interface RefereeOptions {
  readonly listener: number;
  readonly connections: Connections;
  /** Absent: it has none that it might change. */
  readonly ownFiles: OwnFiles | undefined;
  readonly tasks: Tasks;
  readonly signals: Signals;
}

const EACCES = -13;
const CONNECTING: ReadonlySet<SyscallName> = new Set(["connect", "sendto", "sendmsg", "sendmmsg", "socket", "listen"]);
const SIGNALLING: ReadonlySet<SyscallName> = new Set(["kill", "tkill", "tgkill"]);
const STARTING: ReadonlySet<SyscallName> = new Set(["clone", "fork", "vfork"]);

export class Referee {
  readonly #options: RefereeOptions;

  constructor(options: RefereeOptions) {
    this.#options = options;
  }

  /** Never throws: who waits is answered in any case, and what is not decided is refused. */
  async handle(call: SyscallName, notification: Notification): Promise<void> {
    let said: Answer = EACCES;
    try {
      said = await this.#decide(call, notification);
    } catch {
      // whoever asked took away what it is about
    }
    answer(this.#options.listener, notification.id, said);
  }

  #decide(call: SyscallName, notification: Notification): Answer | Promise<Answer> {
    const { listener, connections, ownFiles, tasks, signals } = this.#options;
    if (STARTING.has(call)) return tasks.decide(notification.thread);
    if (SIGNALLING.has(call)) return signals.decide(call, notification);
    if (call === "openat") return openOwnProc(listener, notification);
    if (CONNECTING.has(call)) return connections.decide(call, notification);
    return ownFiles?.decide(call, notification) ?? EACCES;
  }
}
