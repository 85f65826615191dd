import type { AccessKey } from "../../security/keys/access-key.ts";
import type { Principal } from "../../security/policy/context.ts";

/** Who asks, from where, and with what. */
export interface Caller {
  readonly principal: Principal;
  /** Undefined for who has none: the function's own policy alone lets such a one in. */
  readonly key: AccessKey | undefined;
  readonly sourceIp: string | undefined;
  /** Whether it came by TLS. */
  readonly secure: boolean;
  readonly userAgent: string | undefined;
}
