/**
 * Layers as they are kept: one document a version, with its package, and one a layer, which counts the versions for ever.
 *
 * **By design** a layer of another account is never found: this server has one account.
 */
import { layerArn, layerVersionArn, parseLayerReference } from "../../core/layer-arn.ts";
import { AwsError, invalidParameter } from "../../errors/aws-error.ts";
import type { OutputOf } from "../../shapes/operations.ts";
import type { Home, ServiceContext } from "../context.ts";
import { DocumentKind, type Kept } from "../document-kind.ts";
import { wireDate } from "../functions/view.ts";

export interface LayerVersion {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  /** Undefined when it was published without. */
  readonly compatibleRuntimes?: LayerVersionItem["CompatibleRuntimes"];
  readonly compatibleArchitectures?: LayerVersionItem["CompatibleArchitectures"];
  readonly licenseInfo?: string | undefined;
  readonly unzippedBytes: number;
}

export interface Layer {
  /** The number that the next version gets; numbers are never used again. */
  readonly versionNext: number;
}

/** The key is the layer's name. */
export const layers = new DocumentKind<Layer>("layer");

/** The label is the layer's name, the key such that newer versions come first. They belong to the account. */
export const layerVersions = new DocumentKind<LayerVersion>("layer-version");

export interface LayerVersionId {
  readonly name: string;
  readonly version: number;
}

const VERSION_MAX = 999_999_999_999;

export const layerVersionPlace = ({ name, version }: LayerVersionId) => ({
  owner: "",
  key: `${name}/${String(VERSION_MAX - version).padStart(String(VERSION_MAX).length, "0")}`,
});

export async function findLayerVersion(
  ctx: Pick<ServiceContext, "store">,
  id: LayerVersionId,
): Promise<Kept<LayerVersion> | undefined> {
  if (id.version < 1 || id.version > VERSION_MAX) return undefined;
  return layerVersions.find(ctx, layerVersionPlace(id));
}

/** @throws AwsError ResourceNotFoundException for another region, AccessDeniedException for another account. */
export function readLayerName(ctx: ServiceContext, text: string): string {
  const reference = parseLayerReference(text);
  if (!reference || reference.version !== undefined) throw invalidParameter(`Cannot read the layer name '${text}'`);
  refuseElsewhere(ctx, reference);
  return reference.name;
}

/** @throws AwsError InvalidParameterValueException for a number below 1, and what `readLayerName` throws. */
export function readLayerVersion(
  ctx: ServiceContext,
  input: { LayerName: string; VersionNumber: number },
): LayerVersionId {
  const name = readLayerName(ctx, input.LayerName);
  if (input.VersionNumber < 1) throw invalidParameter("Layer Version Cannot be less than 1");
  return { name, version: input.VersionNumber };
}

/** @throws AwsError ResourceNotFoundException for another region, AccessDeniedException for another account. */
export function refuseElsewhere(
  { home }: ServiceContext,
  { name, region, accountId }: { name: string; region?: string | undefined; accountId?: string | undefined },
): void {
  if (region !== undefined && region !== home.region) {
    const text = `Layers from '${region}' are not reachable in this region ('${home.region}')`;
    throw new AwsError("ResourceNotFoundException", text);
  }
  if (accountId !== undefined && accountId !== home.accountId) {
    const arn = layerArn({ region: home.region, accountId }, name);
    throw new AwsError(
      "AccessDeniedException",
      `Cannot reach ${arn}: it belongs to another account than ${home.accountId}`,
    );
  }
}

/** The texts of the operations on a version itself, and of those that name one beside something else: both recorded. */
export const noSuchLayerVersion = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The resource you requested does not exist.");
export const layerVersionMissing = (home: Home, id: LayerVersionId): AwsError =>
  new AwsError("ResourceNotFoundException", `Layer version ${layerVersionArn(home, id)} does not exist.`);

export type LayerVersionItem = NonNullable<NonNullable<OutputOf<"ListLayerVersions">["LayerVersions"]>[number]>;

/** As in lists, which say nothing of the content. */
export function layerVersionItem(home: Home, { body, createdAtMs }: Kept<LayerVersion>): LayerVersionItem {
  return {
    LayerVersionArn: layerVersionArn(home, body),
    Version: body.version,
    Description: body.description,
    CreatedDate: wireDate(createdAtMs),
    ...(body.compatibleArchitectures && { CompatibleArchitectures: body.compatibleArchitectures }),
    ...(body.compatibleRuntimes && { CompatibleRuntimes: body.compatibleRuntimes }),
    ...(body.licenseInfo !== undefined && { LicenseInfo: body.licenseInfo }),
  };
}

/** With a link to the package that is good for ten minutes. */
export function layerVersionView(ctx: ServiceContext, kept: Kept<LayerVersion>): OutputOf<"GetLayerVersion"> {
  const { code, body } = kept;
  if (!code) throw new Error(`Layer version ${body.name}:${body.version} has no package`);
  return {
    Content: {
      Location: ctx.downloads.urlOf(ctx.baseUrl, code.sha256),
      CodeSha256: code.sha256,
      CodeSize: code.bytes,
    },
    LayerArn: layerArn(ctx.home, body.name),
    ...layerVersionItem(ctx.home, kept),
  };
}
