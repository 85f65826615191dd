/** Who may come in, and what is written down of it: the keys, the gates of both doors, and the audit log. */

import { callerOf, Gate } from "./api/gate.ts";
import { type Guards, whoOf } from "./api/guarded.ts";
import { type Config, isLoopback } from "./config.ts";
import { systemClock } from "./core/clock.ts";
import type { Log } from "./core/log.ts";
import { type Admit, makeAdmission } from "./s3/admission.ts";
import type { S3Event } from "./s3/door.ts";
import { AuditLog } from "./security/audit-log.ts";
import type { AccessKey } from "./security/keys/access-key.ts";
import { Keyring } from "./security/keys/keyring.ts";
import { refusalText } from "./security/policy/decide.ts";
import { RateLimiter } from "./security/rate.ts";
import type { Sealer } from "./security/seal.ts";
import { AccessFacts } from "./services/access/access-facts.ts";
import { Authorizer } from "./services/access/authorizer.ts";
import type { Store } from "./store/port.ts";

/** Who may call: everybody, who has a key, or nobody but the host as there is no key yet. */
export type Callers = "everybody" | "keys" | "no keys yet";

export interface Security {
  /** At the start. */
  readonly callers: Callers;
  readonly facts: AccessFacts;
  readonly authorizer: Authorizer;
  readonly guards: Guards;
  /** Undefined: everybody is let in at the S3 door. */
  readonly admit: Admit | undefined;
  readonly note: (event: S3Event) => void;
  close(): Promise<void>;
}

/** Whether callers need keys: where it is not said, everywhere but on loopback. */
export const needsKeys = ({ auth, host }: Config): boolean => auth === "keys" || (auth === "auto" && !isLoopback(host));

export async function openSecurity(
  config: Config,
  { store, sealer, log }: { store: Store; sealer: Sealer; log: Log },
): Promise<Security> {
  const home = { region: config.region, accountId: config.accountId };
  // A signature's time is the world's, also where the server's own clock stands still.
  const clock = systemClock;
  const facts = new AccessFacts({ store, log });
  const authorizer = new Authorizer({ home, clock, facts });
  const { documents } = store;
  const keyring = await Keyring.open({ documents, sealer, clock, accountId: config.accountId });
  for (const id of keyring.lost)
    log.warn({ key: id }, "Cannot use an access key: what its secret was sealed with is not in the key file");
  const audit = new AuditLog({
    directory: config.dataDirectory,
    clock,
    onError: (error) => log.error({ err: error }, "Cannot write the audit log"),
  });
  const endUses = keyring.keepUses((error) => log.warn({ err: error }, "Cannot write when keys were used last"));
  const rates = new RateLimiter<AccessKey>(clock);
  const guarded = needsKeys(config);
  const gate = guarded ? new Gate({ home, clock, keyring, authorizer, rates, rate: config.rateLimit }) : undefined;
  return {
    callers: !guarded ? "everybody" : keyring.isEmpty ? "no keys yet" : "keys",
    facts,
    authorizer,
    guards: { gate, audit, keyring },
    admit: guarded ? admissionOf(config, { keyring, authorizer, rates }) : undefined,
    note: (event) => audit.write(recordOf(event), { refused: event.refused }),
    async close() {
      await endUses();
      audit.close();
    },
  };
}

function admissionOf(
  { region, rateLimit }: Config,
  parts: { keyring: Keyring; authorizer: Authorizer; rates: RateLimiter<AccessKey> },
): Admit {
  const { keyring, authorizer, rates } = parts;
  return makeAdmission({
    region,
    clock: systemClock,
    findKey: (id) => keyring.find(id),
    take(key) {
      const waitMs = rates.take(key, key.rate ?? rateLimit);
      if (waitMs === 0) keyring.noteUse(key);
      return waitMs;
    },
    async refusal({ request, peer, key }, needed) {
      const caller = callerOf(request, { peer, key });
      const decision = await authorizer.decide(caller, needed);
      if (decision.allowed) return undefined;
      return refusalText({ ...needed, principal: caller.principal, context: () => undefined }, decision);
    },
  });
}

function recordOf({ request, peer, key, requestId, action, target, outcome }: S3Event) {
  const { bucket, key: object } = target;
  const resource = bucket === undefined ? null : `arn:aws:s3:::${bucket}${object === undefined ? "" : `/${object}`}`;
  return { requestId, action, resource, outcome, ...whoOf(callerOf(request, { peer, key })) };
}
