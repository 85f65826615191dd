/** What stands between a sandboxed process and the host, in each mode. */
import type { OwnFilesOptions } from "../guard/files/own-files.ts";

/** What the process is to see of the file system, besides the system's own programs and libraries. */
export interface View {
  /** Folders that it may read and run programs from. */
  readonly folders: readonly Folder[];
  /** Where walls can mount: symbolic links to make there. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
  /** How much its private temporary folder may hold, in bytes. */
  readonly temporaryBytes: number;
}

export interface Folder {
  readonly path: string;
  /** Where it appears, where walls can mount; elsewhere it stays where it is. */
  readonly at: string;
}

export interface Confinement {
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly view: View;
  /** Whether the program puts itself under a guard's filter before it runs anybody's code: what that asks about need not be refused. */
  readonly isGuarded: boolean;
}

/** What to start instead, to have it behind walls. */
export interface Enclosed {
  readonly command: readonly string[];
  /** Undefined: anywhere. */
  readonly workingDirectory: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** To be the process's own from `DESCRIPTOR_FIRST` on; whoever starts it closes them afterwards. */
  readonly descriptors: readonly number[];
  /** Where what it writes is kept, and how much that may be; removed when the process is gone. Absent: the walls see to it. */
  readonly temporary?: { readonly folder: string; readonly bytesMax: number };
  /** Which files a guard may take for the process's own; absent: none. */
  readonly ownFiles?: OwnFilesOf;
}

export type OwnFilesOf = Pick<OwnFilesOptions, "place" | "ids">;

export const DESCRIPTOR_FIRST = 5;

export type WallKind = "namespaces" | "landlock" | "none";

export interface Walls {
  readonly kind: WallKind;
  /** Whether folders appear where `at` says. */
  readonly canMount: boolean;
  /** Whether files of the host may be the process's own to the kernel, so that it may not change the modes and times of any unasked. */
  readonly isBesideHost: boolean;
  /** Whether the processes that it starts cannot open what /proc tells of themselves. */
  readonly hidesOwnProc: boolean;
  /** Whether signals to others' processes are nobody's business but a guard's, so that there has to be one. */
  readonly asksAboutSignals: boolean;
  /** How many processes and threads the kernel lets each have; undefined: it counts them for none of them. */
  readonly tasksMax: number | undefined;
  /** Whether a process's end is that of all its descendants, whatever they did to get away. */
  readonly endsAll: boolean;
  /** How many processes stand above the one that was asked for. */
  readonly processesAbove: number;
  /** @throws Error when the system refuses what it takes. */
  enclose(confinement: Confinement): Enclosed;
  /** To be called when the process runs. */
  onStart(pid: number): void;
  /** To be called when the process is gone, or (without its number) did not start. */
  onEnd(enclosed: Enclosed, pid?: number): void;
}

export const NO_WALLS: Walls = {
  kind: "none",
  canMount: false,
  isBesideHost: false,
  hidesOwnProc: false,
  asksAboutSignals: false,
  tasksMax: undefined,
  endsAll: false,
  processesAbove: 0,
  enclose: ({ command, workingDirectory, env }) => ({ command, workingDirectory, env, descriptors: [] }),
  onStart() {},
  onEnd() {},
};
