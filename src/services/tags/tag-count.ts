import { type AwsError, invalidParameter } from "../../errors/aws-error.ts";

export const TAGS_MAX = 50;

export const tooManyTags = (): AwsError => invalidParameter("Number of tags exceeds resource tag limit.");

/** @throws AwsError InvalidParameterValueException. */
export function checkTagCount(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > TAGS_MAX) throw tooManyTags();
}
