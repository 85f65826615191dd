/** What every service verb works with. */
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Dispatcher } from "../invoke/dispatcher.ts";
import type { LogFiles } from "../invoke/logs/log-files.ts";
import type { Poller } from "../invoke/queue/poller.ts";
import type { Draw } from "../invoke/routing.ts";
import type { Scheduler } from "../invoke/schedules/scheduler.ts";
import type { Sources } from "../invoke/sources/sources.ts";
import type { S3Source } from "../packages/s3-source.ts";
import type { Sealer } from "../security/seal.ts";
import type { Store } from "../store/port.ts";
import type { Records } from "../store/records.ts";
import type { AccessFacts } from "./access/access-facts.ts";
import type { Authorizer } from "./access/authorizer.ts";
import type { Activations } from "./functions/activations.ts";
import type { Downloads } from "./functions/downloads.ts";
import type { Resolver } from "./invocations/resolver.ts";

/** Whose account and region this server stands for. */
export interface Home {
  readonly region: string;
  readonly accountId: string;
}

/** Lives as long as the server. */
export interface Services {
  readonly home: Home;
  readonly store: Store;
  /** For what must not be read from a copy of the disk. */
  readonly sealer: Sealer;
  readonly records: Pick<Records, "list">;
  /** What functions logged. */
  readonly logs: Pick<LogFiles, "read">;
  readonly dispatcher: Dispatcher;
  /** The asynchronous queue. */
  readonly events: Poller;
  readonly schedules: Scheduler;
  /** The event sources that are polled. */
  readonly sources: Sources;
  readonly activations: Activations;
  readonly resolver: Resolver;
  /** What decisions about access know of functions. */
  readonly facts: AccessFacts;
  readonly authorizer: Authorizer;
  /** Whether callers need keys, and policies decide. */
  readonly guarded: boolean;
  readonly downloads: Downloads;
  /** Where code comes from that is named by `S3Bucket` and `S3Key`. */
  readonly s3Source: S3Source;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** What stands between functions and the host. */
  readonly isolation: "namespaces" | "landlock" | "none";
  /** Of control groups: what the kernel itself holds functions to. */
  readonly controllers: readonly ("cpu" | "memory" | "pids")[];
  /** Security groups that the operator has a network policy for. */
  readonly networkPolicyIds: readonly string[];
  /** Code of all versions of the account together, in bytes. */
  readonly codeBytesMax: number;
  /** Which of the two meanings `X-Amz-Function-Error` has: the documents', or what AWS sends today (always `Unhandled`). */
  readonly functionErrors: "documented" | "aws";
}

/** Lives as long as one request. */
export interface ServiceContext extends Services {
  readonly requestId: string;
  /** Under which the client reached this server, without a slash at the end: `http://127.0.0.1:4566`. */
  readonly baseUrl: string;
  /** `Root=…;Parent=…;Sampled=…`: the client's trace header, which decides for itself, or a new one; without `sampled` undecided. */
  traceId(sampled?: boolean): string;
  /** The client's, if it sent one. */
  readonly givenTrace: string | undefined;
  /** Says in `x-lambent-routing` how an alias with weights chose, when the client asked for it. */
  noteRouting(draw: Draw): void;
  /** Says in `x-lambent-warning` what was stored but will not do what it would do on AWS. */
  warn(text: string): void;
}
