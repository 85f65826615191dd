/** The ARNs that policies name. Source: Service Authorization Reference, "Resource types defined by AWS Lambda". */
import { type ArnHome, functionArn, parseFunctionReference } from "../../core/arn.ts";
import { layerArn, layerVersionArn, parseLayerReference } from "../../core/layer-arn.ts";

/** `given`: a name, a partial ARN or an ARN; `qualifier` wins over the one in it. */
export function functionResource(home: ArnHome, given: string, qualifier?: string): string {
  const reference = parseFunctionReference(given);
  if (!reference) return functionArn(home, given, qualifier);
  const at = { region: reference.region ?? home.region, accountId: reference.accountId ?? home.accountId };
  return functionArn(at, reference.name, qualifier ?? reference.qualifier);
}

export function layerResource(home: ArnHome, given: string): string {
  if (given.startsWith("arn:")) return given;
  return layerArn(home, parseLayerReference(given)?.name ?? given);
}

export const layerVersionResource = (home: ArnHome, given: string, version: number): string =>
  given.startsWith("arn:") ? `${given}:${version}` : layerVersionArn(home, { name: given, version });

const lambdaArn = (home: ArnHome, rest: string): string => `arn:aws:lambda:${home.region}:${home.accountId}:${rest}`;

export const mappingResource = (home: ArnHome, uuid: string): string => lambdaArn(home, `event-source-mapping:${uuid}`);

export const capacityProviderResource = (home: ArnHome, given: string): string =>
  given.startsWith("arn:") ? given : lambdaArn(home, `capacity-provider:${given}`);

export const objectResource = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;
