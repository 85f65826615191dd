/** An operation with all that stands around it: the gate before it where keys are asked for, and the audit log after it. */
import { AwsError, notSupported } from "../errors/aws-error.ts";
import { neededFor } from "../security/actions/operations.ts";
import type { AuditLog } from "../security/audit-log.ts";
import type { Keyring } from "../security/keys/keyring.ts";
import type { Caller } from "../services/access/caller.ts";
import type { ServiceContext } from "../services/context.ts";
import { OPERATIONS, type OperationName } from "../shapes/operations.ts";
import { bind } from "./bind.ts";
import type { Exchange } from "./exchange.ts";
import { callerOf, claimedKeyId, type Gate } from "./gate.ts";
import { VERBS } from "./routes/all.ts";

/** What stands between the network and the services. */
export interface Guards {
  /** Undefined: everybody may do everything. */
  readonly gate: Gate | undefined;
  readonly audit: AuditLog | undefined;
  readonly keyring: Keyring | undefined;
}

export const NO_GUARDS: Guards = { gate: undefined, audit: undefined, keyring: undefined };

type Output = Record<string, unknown> | undefined;

/** The operation by itself. */
export async function perform<Name extends OperationName>(
  ctx: ServiceContext,
  exchange: Exchange,
  name: Name,
): Promise<Output> {
  const verb = VERBS[name];
  if (verb === undefined) throw notSupported(name);
  const input = await bind(exchange, name);
  exchange.peer?.timeout(exchange.request, 0); // once the body is there the call may take as long as it likes
  return (await verb(ctx, input)) as Output;
}

/** Calls of functions are not changes; each has its line in the function's log. */
const CALLS: readonly OperationName[] = ["Invoke", "InvokeAsync", "InvokeWithResponseStream"];
const CHANGES: ReadonlySet<OperationName> = new Set(
  (Object.keys(OPERATIONS) as OperationName[]).filter(
    (name) => OPERATIONS[name].method !== "GET" && !CALLS.includes(name),
  ),
);

export const isChange = (name: OperationName): boolean => CHANGES.has(name);

/** @throws AwsError what the gate refuses with, beside the operation's own */
export async function performGuarded<Name extends OperationName>(
  ctx: ServiceContext,
  { exchange, name, guards }: { exchange: Exchange; name: Name; guards: Guards },
): Promise<Output> {
  const { gate } = guards;
  const trail: Trail = { caller: undefined, resource: null };
  try {
    const entered = gate && (await gate.enter(exchange, name));
    trail.caller = entered?.caller ?? callerOf(exchange.request, { peer: exchange.peer, key: undefined });
    gate?.count(trail.caller);
    const verb = VERBS[name];
    if (verb === undefined) throw notSupported(name);
    const input = await bind(entered?.exchange ?? exchange, name);
    exchange.peer?.timeout(exchange.request, 0); // as above
    trail.resource = neededFor(name, input, ctx.home)[0]?.resource ?? null;
    const waiting = gate?.authorize(trail.caller, name, input);
    if (waiting) await waiting;
    const output = (await verb(ctx, input)) as Output;
    note(guards, { ctx, exchange, name, trail, outcome: "ok" });
    return output;
  } catch (error) {
    const outcome = error instanceof AwsError ? error.code : "ServiceException";
    trail.claimedKeyId = claimedKeyId(error);
    note(guards, { ctx, exchange, name, trail, outcome, refused: isRefusal(error) });
    throw error;
  }
}

interface Trail {
  caller: Caller | undefined;
  resource: string | null;
  claimedKeyId?: string | null;
}

const REFUSALS: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "UnrecognizedClientException",
]);

/** By the gate, not by the operation. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof AwsError && (REFUSALS.has(error.code) || error.extra["Reason"] === "CallerRateLimitExceeded");

function note(
  { audit }: Guards,
  about: {
    ctx: Pick<ServiceContext, "requestId">;
    exchange: Exchange;
    name: OperationName;
    trail: Trail;
    outcome: string;
    refused?: boolean;
  },
): void {
  const { ctx, exchange, name, trail, outcome, refused = false } = about;
  if (!audit || !(refused || isChange(name))) return;
  const caller = trail.caller ?? callerOf(exchange.request, { peer: exchange.peer, key: undefined });
  const who = whoOf(caller, trail.claimedKeyId);
  audit.write(
    { requestId: ctx.requestId, action: `lambda:${name}`, resource: trail.resource, outcome, ...who },
    { refused },
  );
}

/** `claimed`: the id of a key that was not proven. */
export const whoOf = ({ principal, key, sourceIp }: Caller, claimed: string | null = null) => ({
  who: principal.kind === "user" ? principal.arn : null,
  keyId: key?.id ?? claimed,
  from: sourceIp ?? null,
});
