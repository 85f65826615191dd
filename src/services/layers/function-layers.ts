/** From the layers that a function names to those it gets, with the rules that AWS checks, in its order (recorded). */
import { readFile } from "node:fs/promises";
import { parseLayerReference } from "../../core/layer-arn.ts";
import { PACKAGE_UNZIPPED_BYTES_MAX } from "../../core/limits.ts";
import { AwsError, invalidParameter } from "../../errors/aws-error.ts";
import { readDirectory } from "../../packages/zip-directory.ts";
import type { LayerUse, Release } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { findLayerVersion } from "./layer-versions.ts";

const LAYERS_MAX = 5;

/** Their packages are kept until it is disposed of, which is due once the version that uses them is stored, or never will be. */
export interface TakenLayers extends Disposable {
  /** In their order: what a later one has covers what an earlier one has. Undefined when the request names none, not even an empty list. */
  readonly layers: readonly LayerUse[] | undefined;
}

/** @throws AwsError InvalidParameterValueException; AccessDeniedException for another account's. */
export async function takeLayers(ctx: ServiceContext, arns: readonly string[] | undefined): Promise<TakenLayers> {
  if (arns === undefined) return { layers: undefined, [Symbol.dispose]() {} };
  if (arns.length > LAYERS_MAX) throw invalidParameter(`Cannot reference more than ${LAYERS_MAX} layers.`);
  const taken = new Map<string, LayerUse>();
  const holds: Release[] = [];
  const release = (): void => {
    for (const end of holds) end();
  };
  try {
    for (const arn of arns) {
      const { name, use } = await takeLayer(ctx, arn, holds);
      const other = taken.get(name);
      if (other) throw twoVersions(other.arn, arn);
      taken.set(name, use);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { layers: [...taken.values()], [Symbol.dispose]: release };
}

async function takeLayer(ctx: ServiceContext, arn: string, holds: Release[]): Promise<{ name: string; use: LayerUse }> {
  const missing = (): AwsError => invalidParameter(`Layer version ${arn} does not exist.`);
  const reference = parseLayerReference(arn);
  if (reference?.version === undefined) throw missing();
  const { name, version, region, accountId } = reference;
  refuseElsewhere(ctx, { arn, region, accountId });
  const kept = await findLayerVersion(ctx, { name, version });
  if (!kept?.code) throw missing();
  const { sha256, bytes } = kept.code;
  holds.push(ctx.store.packages.hold(sha256));
  // It may have been deleted and swept before it was held; afterwards it cannot.
  if ((await ctx.store.packages.find(sha256)) === undefined) throw missing();
  return { name, use: { arn, sha256, codeBytes: bytes, unzippedBytes: kept.body.unzippedBytes } };
}

function refuseElsewhere(
  { home }: ServiceContext,
  at: { arn: string; region: string | undefined; accountId: string | undefined },
): void {
  if (at.accountId !== home.accountId) {
    throw new AwsError(
      "AccessDeniedException",
      `User: arn:aws:iam::${home.accountId}:root is not authorized to perform: lambda:GetLayerVersion on resource: ${at.arn} because no resource-based policy allows the lambda:GetLayerVersion action`,
    );
  }
  if (at.region !== home.region) {
    throw invalidParameter(
      `Layers are not in the same region as the function. Layers are expected to be in region ${home.region}.`,
    );
  }
}

const twoVersions = (first: string, second: string): AwsError =>
  invalidParameter(
    `Two different versions of the same layer are not allowed to be referenced in the same function. ${first} and ${second} are versions of the same layer.`,
  );

/** @throws AwsError InvalidParameterValueException when the code and its layers are too large together. */
export function checkTogether(input: { unzippedBytes: number; layers: readonly LayerUse[] }): void {
  if (input.layers.length === 0) return;
  const bytes = input.layers.reduce((sum, layer) => sum + layer.unzippedBytes, input.unzippedBytes);
  if (bytes <= PACKAGE_UNZIPPED_BYTES_MAX) return;
  throw invalidParameter(
    `Function code combined with layers exceeds the maximum allowed size of ${PACKAGE_UNZIPPED_BYTES_MAX} bytes. The actual size is ${bytes} bytes.`,
  );
}

/** As the directory of a package that was taken in says; nothing is inflated. */
export async function unzippedBytesOf(ctx: ServiceContext, sha256: string): Promise<number> {
  const path = await ctx.store.packages.find(sha256);
  if (path === undefined) throw new Error(`The package ${sha256} is not in the store`);
  const entries = await readDirectory(await readFile(path));
  return entries.reduce((sum, entry) => sum + (entry.directory ? 0 : entry.packed.bytes), 0);
}
