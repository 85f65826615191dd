/**
 * Holds functions to where they may connect, and lets them change their own files where the kernel cannot tell them from the host's. All their
 * processes run under a filter that asks; one thread here answers.
 */
import { closeSync, writeSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Destination, NetworkPolicy } from "../../core/network-policy.ts";
import { makePipe } from "../libc.ts";
import { AFTER_HANDOVER, type Asked, askingRules, NO_DATAGRAMS } from "../seccomp/asking-rules.ts";
import type { Rule } from "../seccomp/filter.ts";
import { seccompProgram } from "../seccomp/filter.ts";
import type { Architecture } from "../seccomp/syscalls.ts";
import type { OwnFilesOf } from "../walls/walls.ts";
import type { GuardNews, GuardOrder } from "./guard-thread.ts";
import { guardThreadUrl } from "./guard-thread-url.ts";
import { takeHandedOver } from "./hand-over.ts";
import type { JudgeOptions } from "./network/judge.ts";
import { nameServers } from "./network/name-servers.ts";

export interface GuardOptions {
  /** Whatever the policy is, unless that is `none`. */
  readonly opened: readonly Destination[];
  readonly asked: Asked;
}

export interface Watched {
  readonly policy: NetworkPolicy;
  /** What all processes of the environment descend from. */
  readonly root: number;
  /** Our end of the lifeline, through which it hands over the listener of its filter. */
  readonly lifeline: number;
  readonly ownFiles: OwnFilesOf | undefined;
  /** Processes and threads; more are refused where the guard is asked about them. */
  readonly tasksMax: number;
  readonly onRefused: (destination: string) => void;
}

type Surroundings = Pick<JudgeOptions, "ownAddresses" | "nameServers">;

const KNOWN_FOR_MS = 5000;

export class Guard {
  /** Whether sockets are made for functions, since nobody could take a copy of theirs. */
  readonly keepsSockets: boolean;
  /** Of this server: closed at every address of the host. */
  ownPorts: readonly number[] = [];
  readonly #options: GuardOptions;
  readonly #filters: { readonly ordinary: string; readonly withoutNetwork: string };
  readonly #watched = new Map<number, { onRefused(destination: string): void; onGone(): void }>();
  #thread: { worker: Worker; wake: number } | undefined;
  #nextId = 0;
  #known: Surroundings = { ownAddresses: [], nameServers: [] };
  #lookAgainAtMs = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.keepsSockets = options.asked.aboutSockets;
    const asking = programText(askingRules(options.asked));
    this.#filters = {
      ordinary: `${asking},${programText(AFTER_HANDOVER)}`,
      withoutNetwork: `${asking},${programText([...AFTER_HANDOVER, NO_DATAGRAMS])}`,
    };
  }

  /** For a process to install before it runs anybody's code: the filter that asks, and the one behind it. */
  filterFor(policy: NetworkPolicy): string {
    return policy === "none" ? this.#filters.withoutNetwork : this.#filters.ordinary;
  }

  /**
   * Answers for a process that has its filter. Resolves when no process is left and all refusals were told.
   * @throws Error when it handed nothing over.
   */
  watch({ policy, root, lifeline, ownFiles, tasksMax, onRefused }: Watched): { readonly ended: Promise<void> } {
    const listener = takeHandedOver(lifeline);
    if (listener === undefined) throw new Error("Cannot watch a function: its process handed over no filter");
    const id = this.#nextId++;
    const { promise: ended, resolve: onGone } = Promise.withResolvers<void>();
    this.#watched.set(id, { onRefused, onGone });
    const judge = {
      policy,
      opened: this.#options.opened,
      ownPorts: this.ownPorts,
      ...this.#surroundings(),
    };
    const { keepsSockets } = this;
    this.#tell({ kind: "watch", id, listener, root, judge, keepsSockets, ownFiles, tasksMax });
    return { ended };
  }

  /** They change when a laptop changes networks; looking takes longer than a start should. */
  #surroundings(): Surroundings {
    if (performance.now() > this.#lookAgainAtMs) {
      const addresses = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
      this.#known = { ownAddresses: addresses, nameServers: nameServers() };
      this.#lookAgainAtMs = performance.now() + KNOWN_FOR_MS;
    }
    return this.#known;
  }

  close(): void {
    if (!this.#thread) return;
    this.#thread.worker.terminate();
    closeSync(this.#thread.wake); // ends its waiting
    this.#thread = undefined;
  }

  #tell(order: GuardOrder): void {
    this.#thread ??= this.#start();
    this.#thread.worker.postMessage(order);
    writeSync(this.#thread.wake, new Uint8Array(1));
  }

  #hear({ id, refused }: GuardNews): void {
    const watched = this.#watched.get(id);
    if (refused !== undefined) return watched?.onRefused(refused);
    this.#watched.delete(id);
    watched?.onGone();
  }

  #start(): { worker: Worker; wake: number } {
    const { readEnd, writeEnd } = makePipe();
    const worker = new Worker(guardThreadUrl(), { ref: false });
    worker.onmessage = ({ data }: MessageEvent<GuardNews>) => this.#hear(data);
    worker.postMessage({ kind: "begin", wake: readEnd } satisfies GuardOrder);
    return { worker, wake: writeEnd };
  }
}

const programText = (rules: readonly Rule[]): string =>
  Buffer.from(seccompProgram(rules, process.arch as Architecture)).toString("base64");
