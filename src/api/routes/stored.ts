/** What is kept and shown, and acted upon by nothing yet. `GET /_lambent/capabilities` says so, and the answer to each write. */
import type { OperationName } from "../../shapes/operations.ts";
import type { Verb, Verbs } from "./route.ts";

interface StoredThing {
  /** For the caller of one of the `writes`. */
  readonly warning: string;
  readonly writes: readonly OperationName[];
  readonly others: readonly OperationName[];
}

export const STORED: readonly StoredThing[] = [
  {
    warning: "Resource policies are stored; no call is allowed or refused by them yet",
    writes: ["AddPermission", "PutResourcePolicy", "AddLayerVersionPermission"],
    others: [
      "RemovePermission",
      "GetPolicy",
      "GetResourcePolicy",
      "DeleteResourcePolicy",
      "RemoveLayerVersionPermission",
      "GetLayerVersionPolicy",
    ],
  },
  {
    warning: "Code signing configurations are stored; signatures are not verified",
    writes: ["CreateCodeSigningConfig", "UpdateCodeSigningConfig", "PutFunctionCodeSigningConfig"],
    others: [
      "GetCodeSigningConfig",
      "DeleteCodeSigningConfig",
      "ListCodeSigningConfigs",
      "ListFunctionsByCodeSigningConfig",
      "GetFunctionCodeSigningConfig",
      "DeleteFunctionCodeSigningConfig",
    ],
  },
  {
    warning: "Runtime management is stored; the runtime is the one built into this executable",
    writes: ["PutRuntimeManagementConfig"],
    others: ["GetRuntimeManagementConfig"],
  },
  {
    warning: "Scaling configurations are stored; there are no capacity providers",
    writes: ["PutFunctionScalingConfig"],
    others: ["GetFunctionScalingConfig"],
  },
];

export const isStoredOnly = (name: OperationName): boolean =>
  STORED.some(({ writes, others }) => writes.includes(name) || others.includes(name));

/** The same verbs, where those that only store warn of it. */
export function warningOfStored(verbs: Verbs): Verbs {
  let warning = verbs;
  for (const thing of STORED) {
    for (const name of thing.writes) warning = withWarning(warning, { name, text: thing.warning });
  }
  return warning;
}

function withWarning<Name extends OperationName>(verbs: Verbs, { name, text }: { name: Name; text: string }): Verbs {
  const verb: Verb<Name> | undefined = verbs[name];
  if (verb === undefined) return verbs;
  const warning: Verb<Name> = (ctx, input) => {
    ctx.warn(text);
    return verb(ctx, input);
  };
  return { ...verbs, [name]: warning };
}
