/** Holds functions to where they may connect. All their processes run under a filter that asks; one thread here answers. */
import { closeSync, writeSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Destination, NetworkPolicy } from "../../core/network-policy.ts";
import { makePipe } from "../libc.ts";
import { seccompProgram } from "../seccomp/filter.ts";
import { NETWORK_RULES } from "../seccomp/network-rules.ts";
import type { Architecture } from "../seccomp/syscalls.ts";
import type { GuardNews, GuardOrder } from "./guard-thread.ts";
import { guardThreadUrl } from "./guard-thread-url.ts";
import type { JudgeOptions } from "./judge.ts";
import { nameServers } from "./name-servers.ts";
import { fetchDescriptor } from "./notifications.ts";

export interface NetworkGuardOptions {
  readonly opened: readonly Destination[];
}

export interface Watched {
  readonly policy: NetworkPolicy;
  /** The environment's first process. */
  readonly root: number;
  /** Its number for the listener of its filter. */
  readonly listener: number;
  readonly onRefused: (destination: string) => void;
}

type Surroundings = Pick<JudgeOptions, "ownAddresses" | "nameServers">;

const KNOWN_FOR_MS = 5000;

export class NetworkGuard {
  /** For the process to install before it runs anybody's code; base64. */
  readonly filterText = Buffer.from(seccompProgram(NETWORK_RULES, process.arch as Architecture)).toString("base64");
  /** Of this server: closed at every address of the host. */
  ownPorts: readonly number[] = [];
  readonly #options: NetworkGuardOptions;
  readonly #watched = new Map<number, { onRefused(destination: string): void; onGone(): void }>();
  #thread: { worker: Worker; wake: number } | undefined;
  #nextId = 0;
  #known: Surroundings = { ownAddresses: [], nameServers: [] };
  #lookAgainAtMs = 0;

  constructor(options: NetworkGuardOptions) {
    this.#options = options;
  }

  /**
   * Takes over from the process, which closes its own listener next. Resolves when no process is left and all refusals were told.
   * @throws Error when the system does not let it.
   */
  watch({ policy, root, listener, onRefused }: Watched): { readonly ended: Promise<void> } {
    const fetched = fetchDescriptor(root, listener);
    if (fetched < 0) throw new Error(`Cannot watch where a function connects: error ${-fetched} from pidfd_getfd`);
    const id = this.#nextId++;
    const { promise: ended, resolve: onGone } = Promise.withResolvers<void>();
    this.#watched.set(id, { onRefused, onGone });
    const judge = {
      policy,
      opened: this.#options.opened,
      ownPorts: this.ownPorts,
      ...this.#surroundings(),
    };
    this.#tell({ kind: "watch", id, listener: fetched, root, judge });
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
