/** Names of layers and of their versions. Source: Lambda API Reference, "LayerName", "LayerVersionArn". */
import type { ArnHome } from "./arn.ts";

/** What a layer's name or ARN says; members that it leaves out are undefined. */
export interface LayerReference {
  readonly name: string;
  readonly region?: string | undefined;
  readonly accountId?: string | undefined;
  readonly version?: number | undefined;
}

const REFERENCE =
  /^(?:arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):layer:)?(?<name>[a-zA-Z0-9-_]+)(?::(?<version>\d+))?$/;

/** Takes a name, a layer's ARN or a layer version's ARN apart; undefined for anything else (AWS's own `awslayer` too). */
export function parseLayerReference(text: string): LayerReference | undefined {
  const groups = REFERENCE.exec(text)?.groups;
  if (!groups?.["name"]) return undefined;
  const { name, region, account: accountId, version } = groups;
  return { name, region, accountId, version: version === undefined ? undefined : Number(version) };
}

export const layerArn = (home: ArnHome, name: string): string =>
  `arn:aws:lambda:${home.region}:${home.accountId}:layer:${name}`;

export const layerVersionArn = (home: ArnHome, { name, version }: { name: string; version: number }): string =>
  `${layerArn(home, name)}:${version}`;
