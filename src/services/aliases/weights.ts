/** The rules of an alias that shares its traffic between two versions, in the order in which AWS checks them (recorded). */
import { LATEST } from "../../core/states.ts";
import { invalidParameter } from "../../errors/aws-error.ts";
import type { AliasRoutingConfiguration } from "../../shapes/aliases.ts";

const ADDITIONAL_VERSIONS_MAX = 1;

/**
 * The weights beside the alias's main version; none for an empty map. Range and spelling were checked with the shape, and whether
 * the versions exist is for the store to say.
 * @throws AwsError InvalidParameterValueException.
 */
export function readWeights(given: AliasRoutingConfiguration | undefined, mainVersion: string): Record<string, number> {
  const weights = { ...given?.AdditionalVersionWeights };
  checkWeights(weights, mainVersion);
  return weights;
}

/** @throws AwsError InvalidParameterValueException. */
export function checkWeights(weights: Readonly<Record<string, number>>, mainVersion: string): void {
  const versions = Object.keys(weights);
  if (versions.length === 0) return;
  if (versions.length > ADDITIONAL_VERSIONS_MAX) {
    throw invalidParameter(
      `Number of items in AdditionalVersionWeights cannot be greater than ${ADDITIONAL_VERSIONS_MAX}`,
    );
  }
  if (versions.includes(mainVersion)) {
    throw invalidParameter(
      `Invalid function version ${mainVersion}. Function version ${mainVersion} is already included in routing configuration.`,
    );
  }
  if (mainVersion === LATEST) {
    throw invalidParameter(`${LATEST} is not supported for an alias pointing to more than 1 version`);
  }
}
