import { parseLayerReference } from "../../core/layer-arn.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import {
  findLayerVersion,
  type LayerVersionId,
  layerVersionView,
  noSuchLayerVersion,
  readLayerVersion,
  refuseElsewhere,
} from "./layer-versions.ts";

export async function getLayerVersion(
  ctx: ServiceContext,
  input: InputOf<"GetLayerVersion">,
): Promise<OutputOf<"GetLayerVersion">> {
  return answer(ctx, readLayerVersion(ctx, input));
}

/** AWS's own layers (`awslayer`) are never found. */
export async function getLayerVersionByArn(
  ctx: ServiceContext,
  input: InputOf<"GetLayerVersionByArn">,
): Promise<OutputOf<"GetLayerVersionByArn">> {
  const reference = parseLayerReference(input.Arn);
  if (reference?.version === undefined) throw noSuchLayerVersion();
  refuseElsewhere(ctx, reference);
  return answer(ctx, { name: reference.name, version: reference.version });
}

async function answer(ctx: ServiceContext, id: LayerVersionId): Promise<OutputOf<"GetLayerVersion">> {
  const kept = await findLayerVersion(ctx, id);
  if (!kept) throw noSuchLayerVersion();
  return layerVersionView(ctx, kept);
}
