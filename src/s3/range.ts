import { S3Error } from "./s3-error.ts";

export interface ByteRange {
  readonly start: number;
  readonly bytes: number;
}

/**
 * `bytes=0-9`, `bytes=10-`, `bytes=-5`. Undefined for no range, for several and for anything else: RFC 9110, section 14.2 has
 * those ignored.
 * @throws S3Error InvalidRange when no byte of the object is in it.
 */
export function rangeOf(header: string | null, size: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (start >= size || (first === "" && Number(last) === 0))
    throw new S3Error("InvalidRange", {
      details: { RangeRequested: header ?? "", ActualObjectSize: String(size) },
      headers: { "content-range": `bytes */${size}` },
    });
  return { start, bytes: end - start + 1 };
}
