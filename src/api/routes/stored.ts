/** What is kept and shown, and acted upon by nothing yet. `GET /_lambent/capabilities` says so, and the answer to each write. */
import type { OperationName } from "../../shapes/operations.ts";
import type { Verb, Verbs } from "./route.ts";

interface StoredThing {
  /** For the caller of one of the `writes`. */
  readonly warning: string;
  /** Where callers need keys it acts. */
  readonly actsGuarded?: true;
  readonly writes: readonly OperationName[];
  readonly others: readonly OperationName[];
}

export const STORED: readonly StoredThing[] = [
  {
    warning: "Resource policies are stored; while the server runs with --auth off nobody is let in or refused by them",
    actsGuarded: true,
    writes: ["AddPermission", "PutResourcePolicy"],
    others: ["RemovePermission", "GetPolicy", "GetResourcePolicy", "DeleteResourcePolicy"],
  },
  {
    warning: "Policies of layer versions are stored; they are for other accounts, and there is one here",
    writes: ["AddLayerVersionPermission"],
    others: ["RemoveLayerVersionPermission", "GetLayerVersionPolicy"],
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

/** `guarded`: whether callers need keys. */
export const isStoredOnly = (name: OperationName, { guarded }: { guarded: boolean }): boolean =>
  STORED.some(
    ({ writes, others, actsGuarded }) => !(actsGuarded && guarded) && (writes.includes(name) || others.includes(name)),
  );

/** The same verbs, where those that only store warn of it. */
export function warningOfStored(verbs: Verbs): Verbs {
  let warning = verbs;
  for (const thing of STORED) {
    for (const name of thing.writes) warning = withWarning(warning, { name, thing });
  }
  return warning;
}

function withWarning<Name extends OperationName>(
  verbs: Verbs,
  { name, thing }: { name: Name; thing: StoredThing },
): Verbs {
  const verb: Verb<Name> | undefined = verbs[name];
  if (verb === undefined) return verbs;
  const warning: Verb<Name> = (ctx, input) => {
    if (!(thing.actsGuarded && ctx.guarded)) ctx.warn(thing.warning);
    return verb(ctx, input);
  };
  return { ...verbs, [name]: warning };
}
