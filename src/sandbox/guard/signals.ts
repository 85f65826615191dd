/** Lets an environment signal its own processes, and nobody else's, where Landlock does not look after that. Source: kill(2), pidfd_open(2). */
import { forEachDescendant, readQuietly } from "../process-tree.ts";
import type { SyscallName } from "../seccomp/syscalls.ts";
import { type Answer, closeDescriptor, intOf, linux, type Notification, processOf } from "./notifications.ts";

const EPERM = -1;
const ESRCH = -3;
const EVERYBODY = -1;

export class Signals {
  readonly #root: number;

  /** @param root what all processes of the environment descend from; it is one of them. */
  constructor(root: number) {
    this.#root = root;
  }

  decide(call: SyscallName, { thread, args }: Notification): Answer {
    const target = intOf(args[0]);
    if (call === "kill") return this.#kill(target, intOf(args[1]));
    // Whoever waits for this is alive, and its number therefore nobody else's.
    const itself = processOf(thread);
    if (call === "tkill") return linux("tgkill", itself, target, intOf(args[1]));
    return target === itself ? "go on" : EPERM;
  }

  #kill(target: number, signal: number): number {
    if (target === EVERYBODY) return EPERM;
    if (target > 0) return this.#send(target, signal);
    const sent = this.#groupOf(-target).map((pid) => this.#send(pid, signal));
    return sent.length === 0 ? ESRCH : Math.max(...sent);
  }

  /** The descriptor is taken first: whatever becomes of the number, it is for the process that was looked at, or for none. */
  #send(pid: number, signal: number): number {
    const process = linux("pidfd_open", pid, 0);
    if (process < 0) return process;
    const result = this.#owns(pid) ? linux("pidfd_send_signal", process, signal, 0, 0) : EPERM;
    closeDescriptor(process);
    return result;
  }

  #owns(pid: number): boolean {
    for (let ancestor = pid; ancestor > 1; ancestor = parentAndGroupOf(ancestor).parent)
      if (ancestor === this.#root) return true;
    return false;
  }

  #groupOf(group: number): number[] {
    const members: number[] = [];
    const look = (pid: number): void => {
      if (parentAndGroupOf(pid).group === group) members.push(pid);
    };
    look(this.#root);
    forEachDescendant(this.#root, look);
    return members;
  }
}

/** Zeros for one that is gone. */
function parentAndGroupOf(pid: number): { readonly parent: number; readonly group: number } {
  const stat = readQuietly(`/proc/${pid}/stat`);
  const [, parent = 0, group = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  return { parent, group };
}
