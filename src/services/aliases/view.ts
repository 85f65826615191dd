import { functionArn } from "../../core/arn.ts";
import type { OutputOf } from "../../shapes/operations.ts";
import type { Alias } from "../../store/port.ts";
import type { Home } from "../context.ts";

export type AliasConfiguration = OutputOf<"GetAlias">;

/** Without weights there is no RoutingConfig (recorded). */
export function aliasView(home: Home, alias: Alias): AliasConfiguration {
  return {
    AliasArn: functionArn(home, alias.functionName, alias.name),
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(Object.keys(alias.weights).length > 0 && {
      RoutingConfig: { AdditionalVersionWeights: { ...alias.weights } },
    }),
    RevisionId: alias.revisionId,
  };
}
