/** `Marker` and `MaxItems` as the API has them: the marker is opaque, and pages never hold more than AWS's hard cap. */
import { PAGE_ITEMS_MAX } from "../core/limits.ts";
import { invalidParameter } from "../errors/aws-error.ts";
import type { PageRequest } from "../store/port.ts";

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** @throws AwsError InvalidParameterValueException for a marker that no list of ours gave out. */
export function readPage(input: PageInput, itemsMax = PAGE_ITEMS_MAX): PageRequest {
  const count = Math.min(input.MaxItems ?? itemsMax, itemsMax);
  if (input.Marker === undefined || input.Marker === "") return { count };
  const after = Buffer.from(input.Marker, "base64url").toString();
  if (after === "" || markerOf(after) !== input.Marker) throw invalidParameter("Invalid pagination token");
  return { count, after };
}

export const nextMarker = (next: string | undefined): { NextMarker?: string } =>
  next === undefined ? {} : { NextMarker: markerOf(next) };

const markerOf = (after: string): string => Buffer.from(after).toString("base64url");
