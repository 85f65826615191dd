/** What is configured about a function's asynchronous calls: EventInvokeConfig of a version or an alias, and the dead-letter queue. */
import { LATEST } from "../../core/states.ts";
import type { Store } from "../../store/port.ts";
import { AGE_SECONDS_MAX_DEFAULT, RETRIES_MAX_DEFAULT, type RetryPolicy } from "./retry-policy.ts";

export interface AsyncConfig extends RetryPolicy {
  readonly onSuccessArn: string | undefined;
  readonly onFailureArn: string | undefined;
}

/** As the service verbs keep it, under the function's name and the qualifier, `$LATEST` where the caller had none. */
const EVENT_INVOKE_KIND = "event-invoke";
interface EventInvokeBody {
  readonly retryCountMax?: number;
  readonly eventAgeSecondsMax?: number;
  readonly destinations?: {
    readonly OnSuccess?: { readonly Destination?: string };
    readonly OnFailure?: { readonly Destination?: string };
  };
}

/** As the service verbs keep it, under the function's name. */
const RECURSION_KIND = "recursion";
interface RecursionBody {
  readonly loop?: "Allow" | "Terminate";
}

export interface Named {
  readonly functionName: string;
  readonly qualifier?: string | undefined;
}

export async function readAsyncConfig(store: Store, { functionName, qualifier = LATEST }: Named): Promise<AsyncConfig> {
  const place = { kind: EVENT_INVOKE_KIND, owner: functionName, key: qualifier };
  const body = ((await store.documents.find(place))?.body ?? {}) as EventInvokeBody;
  return {
    retriesMax: body.retryCountMax ?? RETRIES_MAX_DEFAULT,
    ageMsMax: (body.eventAgeSecondsMax ?? AGE_SECONDS_MAX_DEFAULT) * 1000,
    onSuccessArn: body.destinations?.OnSuccess?.Destination || undefined, // an empty one is none
    onFailureArn: body.destinations?.OnFailure?.Destination || undefined,
  };
}

/** The dead-letter queue of the version that ran, or that would have run. */
export async function readDeadLetterArn(
  store: Store,
  { functionName, qualifier = LATEST, version }: Named & { version?: string | undefined },
): Promise<string | undefined> {
  const number = version ?? (await versionOf(store, { functionName, qualifier }));
  const found = await store.functions.findVersion({ functionName, version: number });
  return found?.settings.deadLetterTargetArn || undefined;
}

/** Whether the function's owner wants it to go on calling itself. */
export async function allowsRecursion(store: Store, functionName: string): Promise<boolean> {
  const found = await store.documents.find({ kind: RECURSION_KIND, owner: functionName, key: "" });
  return (found?.body as RecursionBody | undefined)?.loop === "Allow";
}

/** Whether there is something to call. */
export async function isThere(store: Store, { functionName, qualifier = LATEST }: Named): Promise<boolean> {
  const version = await versionOf(store, { functionName, qualifier });
  if (version === LATEST && qualifier !== LATEST) return false;
  return (await store.functions.findVersion({ functionName, version })) !== undefined;
}

async function versionOf(
  store: Store,
  { functionName, qualifier }: { functionName: string; qualifier: string },
): Promise<string> {
  if (qualifier === LATEST || /^\d+$/.test(qualifier)) return qualifier;
  return (await store.aliases.find({ functionName, name: qualifier }))?.version ?? LATEST;
}
