import type { InputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { sweepPackages } from "../functions/sweep-packages.ts";
import { layerPolicies } from "./layer-version-policy.ts";
import { layerVersionPlace, layerVersions, readLayerVersion } from "./layer-versions.ts";

/** Functions that use the version keep its package and work as before. One that is not there is no error. */
export async function deleteLayerVersion(
  ctx: ServiceContext,
  input: InputOf<"DeleteLayerVersion">,
): Promise<undefined> {
  const at = layerVersionPlace(readLayerVersion(ctx, input));
  await layerVersions.edit(ctx, at, () => "delete");
  await layerPolicies.edit(ctx, at, () => "delete");
  void sweepPackages(ctx);
}
