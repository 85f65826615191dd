/**
 * What the rest of Lambent asks of a store. Each function is one atomic step: it happens whole and durably before its
 * promise resolves, or not at all, and no transaction leaves it. Refusals that depend on what is stored (a name taken, a
 * stale revision) are values, not exceptions, so that every implementation answers alike.
 *
 * Ids, timestamps and revision ids come in as arguments: the store draws nothing by itself.
 */
import type { FunctionState, StateReason, UpdateStatus } from "../core/states.ts";
import type { Infer } from "../shapes/dsl.ts";
import type {
  DurableConfig,
  FileSystemConfig,
  ImageConfig,
  LoggingConfig,
  TenancyConfig,
  VpcConfig,
} from "../shapes/functions.ts";
import type { DocumentChange, DocumentStore, Need, Unmet } from "./document-port.ts";
import type { QueueStore } from "./queue-port.ts";
import type { ScheduleStore } from "./schedule-port.ts";
import type { Reseal } from "./settings-content.ts";

/** What a version is configured with, the code apart. Members that Lambent acts upon have its own names and units. */
export interface FunctionSettings {
  readonly runtime: string | null;
  readonly role: string;
  readonly handler: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMib: number;
  readonly ephemeralStorageMib: number;
  /** Sealed: an id, which another set of variables has another of, a space, and whatever opens. Null: it was never given any. */
  readonly environment: string | null;
  readonly kmsKeyArn: string | null;
  readonly tracingMode: "Active" | "PassThrough";
  readonly layers: readonly LayerUse[];
  readonly architecture: "x86_64" | "arm64";
  readonly deadLetterTargetArn: string | null;
  readonly snapStartApplyOn: "None" | "PublishedVersions";
  readonly vpcConfig: Infer<typeof VpcConfig> | null;
  readonly fileSystemConfigs: readonly Infer<typeof FileSystemConfig>[] | null;
  readonly loggingConfig: Infer<typeof LoggingConfig> | null;
  readonly imageConfig: Infer<typeof ImageConfig> | null;
  readonly tenancyConfig: Infer<typeof TenancyConfig> | null;
  readonly durableConfig: Infer<typeof DurableConfig> | null;
  /** Encrypts the package where it came from; null for AWS's own key. */
  readonly sourceKmsKeyArn: string | null;
}

/** One of a function's layers. The version it came from may be deleted; the package stays as long as it is used. */
export interface LayerUse {
  readonly arn: string;
  readonly sha256: string;
  readonly codeBytes: number;
  readonly unzippedBytes: number;
}

/** The deployment package: stored once by its digest, whoever uses it. */
export interface CodeUse {
  /** Base64 of the SHA-256 of the zip's bytes, as on the wire. */
  readonly sha256: string;
  readonly bytes: number;
}

/** One version of a function: `$LATEST`, or a published one, whose code and settings never change again. */
export interface FunctionVersion {
  readonly functionName: string;
  /** `$LATEST`, or a decimal number from 1. */
  readonly version: string;
  readonly revisionId: string;
  readonly settings: FunctionSettings;
  readonly code: CodeUse;
  readonly state: FunctionState;
  readonly stateReason: StateReason | null;
  /** Null until the version was active for the first time. */
  readonly updateStatus: UpdateStatus | null;
  readonly updateStatusReason: StateReason | null;
  readonly lastModifiedMs: number;
}

export interface FunctionRecord {
  readonly name: string;
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The number that the next published version gets; numbers are never used again. */
  readonly versionNext: number;
  /** Null when no concurrency is reserved. */
  readonly reservedConcurrency: number | null;
}

export interface Alias {
  readonly functionName: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Share of traffic (0–1) of versions beside `version`; empty when all goes to `version`. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

/** What an update of `$LATEST` replaces; absent members stay. */
export interface VersionChange {
  readonly settings?: Partial<FunctionSettings>;
  readonly code?: CodeUse;
}

export interface PageRequest {
  /** The last key of the page before, exclusive; absent for the first page. */
  readonly after?: string | undefined;
  readonly count: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Distributes: `Refused<"a" | "b">` is two members of a union. */
export type Refused<K extends string> = K extends string ? { readonly kind: K } : never;
export type Done<T> = { readonly kind: "done"; readonly value: T };

export interface FunctionStore {
  /**
   * Makes a function with its `$LATEST` and, when `published` is given, version 1 beside it (same code and settings).
   * `codeBytesMax` bounds the code of all versions and layers of the account together. With `published`, the next number is
   * the one after it, whatever `record.versionNext` says. `documents` are put in the same step, if all `needs` are met.
   */
  create(input: {
    record: FunctionRecord;
    latest: FunctionVersion;
    published?: FunctionVersion | undefined;
    codeBytesMax: number;
    documents?: readonly DocumentChange[] | undefined;
    needs?: readonly Need[] | undefined;
  }): Promise<Done<FunctionVersion> | Refused<"exists" | "code-storage-exceeded"> | Unmet>;

  find(functionName: string): Promise<FunctionRecord | undefined>;
  findVersion(input: { functionName: string; version: string }): Promise<FunctionVersion | undefined>;

  /** Asks `seal` of every version that has variables, and answers how many changed. */
  resealEnvironments(seal: Reseal): Promise<number>;

  /** By function name; with `versions: "all"` by name, then `$LATEST`, then ascending numbers. */
  list(input: PageRequest & { versions: "latest" | "all" }): Promise<Page<FunctionVersion>>;
  listVersions(input: PageRequest & { functionName: string }): Promise<Page<FunctionVersion>>;

  /**
   * Changes `$LATEST`: Active stays Active, `updateStatus` becomes InProgress with `reason`, the revision becomes `revisionId`.
   * With `publish`, also publishes the changed `$LATEST` in the same step (see `publish`); the answer is then that version.
   * Refused as "update-in-progress" while `$LATEST` is Pending or InProgress. `codeBytesMax` refuses only what adds code.
   * With `dryRun` it refuses what it would refuse, changes nothing, and answers the version with its code and settings as they
   * would be: its states and its revision are those that are there.
   */
  updateLatest(input: {
    functionName: string;
    expectedRevisionId?: string | undefined;
    revisionId: string;
    nowMs: number;
    reason: StateReason;
    change: VersionChange;
    codeBytesMax: number;
    publish?: { revisionId: string; description?: string | undefined; reason: StateReason } | undefined;
    dryRun?: boolean | undefined;
  }): Promise<
    Done<FunctionVersion> | Refused<"missing" | "stale-revision" | "update-in-progress" | "code-storage-exceeded">
  >;

  /**
   * Publishes `$LATEST` as the next number, in state Pending for `reason`, and gives `$LATEST` the revision `latestRevisionId`.
   * When `$LATEST` has the code and settings that it had when the last number was given out, and that version still exists,
   * answers that version and changes nothing. The new version's description is `description`, or `$LATEST`'s when absent.
   * `expectedSha256` guards the code: on a mismatch the answer carries the digest that is there.
   */
  publish(input: {
    functionName: string;
    expectedRevisionId?: string | undefined;
    expectedSha256?: string | undefined;
    description?: string | undefined;
    revisionId: string;
    latestRevisionId: string;
    nowMs: number;
    reason: StateReason;
    codeBytesMax: number;
  }): Promise<
    | Done<FunctionVersion>
    | Refused<"missing" | "stale-revision" | "update-in-progress" | "code-storage-exceeded">
    | { readonly kind: "other-code"; readonly sha256: string }
  >;

  /**
   * Ends Pending or InProgress under a new `revisionId`: state Active and updateStatus Successful. With `failure` updateStatus is
   * Failed, and so is the state when it was Pending; a failed update leaves the state alone. Does nothing when the version is
   * gone, is settled already, or its revision is no longer `expectedRevisionId`. Survives the end of this process, and a power cut
   * only once a later step did: `listUnsettled` has it again otherwise.
   */
  settle(input: {
    functionName: string;
    version: string;
    expectedRevisionId: string;
    revisionId: string;
    failure?: StateReason | undefined;
  }): Promise<FunctionVersion | undefined>;

  /** Versions that are Pending or InProgress: what a start has to carry on with. */
  listUnsettled(): Promise<readonly FunctionVersion[]>;

  /** Removes the function with its versions, aliases and everything configured about it. */
  delete(functionName: string): Promise<Done<null> | Refused<"missing">>;
  /** Removes one published version; refused while an alias names it (the answer lists the aliases). */
  deleteVersion(input: {
    functionName: string;
    version: string;
  }): Promise<Done<null> | Refused<"missing"> | { readonly kind: "aliased"; readonly aliases: readonly string[] }>;

  /**
   * Removes and sets tags of the function, as long as there are at most `countMax` after it, and gives `$LATEST` the revision
   * `revisionId`; not while `$LATEST` is Pending or InProgress, for then the settle that follows gives it a new one, and must
   * still find the one it knows.
   */
  changeTags(input: {
    functionName: string;
    set: Readonly<Record<string, string>>;
    remove: readonly string[];
    countMax: number;
    revisionId: string;
  }): Promise<Done<null> | Refused<"missing" | "too-many-tags">>;
  /** A larger reservation is refused as "over-reserved" when all functions together would reserve more than `totalMax`. */
  putReservedConcurrency(input: {
    functionName: string;
    reserved: number | null;
    totalMax: number;
  }): Promise<Done<null> | Refused<"missing" | "over-reserved">>;
  /** Functions that reserve concurrency, by name. */
  listReserved(page: PageRequest): Promise<Page<FunctionRecord>>;

  /** Digests (base64) of all packages that some version or layer uses, and of the trees made of code and layers. */
  digestsInUse(): Promise<ReadonlySet<string>>;
  /** Code of all versions and layers (each counted, as AWS does) in bytes, functions, and what they reserve together. */
  usage(): Promise<{ codeBytes: number; functionCount: number; reservedConcurrency: number }>;
}

/** A version that the alias names and the function does not have. */
export type NoVersion = { readonly kind: "no-version"; readonly version: string };

export interface AliasStore {
  /** Refused when the name is taken or a version that it names (also in `weights`) does not exist. */
  create(alias: Alias): Promise<Done<Alias> | Refused<"exists" | "missing"> | NoVersion>;
  find(input: { functionName: string; name: string }): Promise<Alias | undefined>;
  /** By name; with `version` those that name it, as their main version or in `weights`. */
  list(input: PageRequest & { functionName: string; version?: string | undefined }): Promise<Page<Alias>>;
  update(input: {
    functionName: string;
    name: string;
    expectedRevisionId?: string | undefined;
    revisionId: string;
    change: Partial<Pick<Alias, "version" | "description" | "weights">>;
  }): Promise<Done<Alias> | Refused<"missing" | "stale-revision"> | NoVersion>;
  /** Its documents go with it. No error when there is none. */
  delete(input: { functionName: string; name: string }): Promise<void>;
}

/** Ends a hold; calling it again does nothing. */
export type Release = () => void;

/** Deployment packages on disk, by digest (base64): written to a temporary name, synced, renamed. */
export interface PackageStore {
  /**
   * Writes nothing when the digest is there already. The package is held until the answer is called, which is due once the
   * row that uses it is committed, or never will be.
   */
  put(input: { sha256: string; bytes: Uint8Array }): Promise<Release>;
  /** Keeps the package and its unpacked tree from `sweep`: for who unpacks it, or runs from a tree that an update may orphan. */
  hold(sha256: string): Release;
  /** The zip's path, or undefined when it is not there. */
  find(sha256: string): Promise<string | undefined>;
  /**
   * Where the package of this digest is (to be) unpacked. Unpack beside it, under this path plus "." and a suffix, and rename:
   * what a crash leaves under such a name the sweep clears away.
   */
  unpackedPath(sha256: string): string;
  /** Where what is made of a package for one of its handlers is (to be) kept: goes with the package, like its tree. */
  bundlePath(input: { sha256: string; handler: string }): string;
  /**
   * Removes packages and trees that are neither in use nor held. `inUse` (`digestsInUse`, usually) is asked by the sweep itself,
   * so that a package put and committed meanwhile is safe whenever the two overlap. Answers the digests removed.
   */
  sweep(inUse: () => Promise<ReadonlySet<string>>): Promise<readonly string[]>;
}

export interface Store {
  readonly functions: FunctionStore;
  readonly aliases: AliasStore;
  readonly documents: DocumentStore;
  readonly packages: PackageStore;
  readonly queue: QueueStore;
  readonly schedules: ScheduleStore;
  close(): Promise<void>;
}
