/**
 * The canonical form of a request, which is what is signed. Source: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API
 * Reference, "Signature calculations for the Authorization header".
 *
 * **Gaps**: a header that comes twice reaches us joined with ", ", where its signer joined it with ",".
 */
import type { Signature, SignedRequest } from "./signature.ts";

/** S3 encodes a path once, all others what was encoded already once more. */
export type PathStyle = "s3" | "twice";

export function canonicalRequest(
  request: SignedRequest,
  input: { signature: Signature; payloadHash: string; pathStyle: PathStyle },
): string {
  const { signature, payloadHash, pathStyle } = input;
  const { path, search } = partsOf(request.url);
  let headers = "";
  for (const name of signature.signedHeaders) headers += `${name}:${canonicalValue(request.headers.get(name) ?? "")}\n`;
  return `${request.method}\n${canonicalPath(path, pathStyle)}\n${canonicalQuery(search)}\n${headers}\n${signature.signedHeaders.join(";")}\n${payloadHash}`;
}

/** `http://` and at least one character of a host. */
const HOST_FROM = 8;

function partsOf(url: string): { path: string; search: string } {
  const pathAt = url.indexOf("/", HOST_FROM);
  if (pathAt < 0) return { path: "/", search: url.includes("?") ? url.slice(url.indexOf("?") + 1) : "" };
  const queryAt = url.indexOf("?", pathAt);
  return queryAt < 0
    ? { path: url.slice(pathAt), search: "" }
    : { path: url.slice(pathAt, queryAt), search: url.slice(queryAt + 1) };
}

const PLAIN_PATH = /^(\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+$/;

export function canonicalPath(path: string, style: PathStyle): string {
  if (PLAIN_PATH.test(path)) return path;
  if (style === "s3")
    return path
      .split("/")
      .map((segment) => encodeStrictly(decode(segment)))
      .join("/");
  return normalized(path).split("/").map(encodeStrictly).join("/");
}

/** Without empty segments, `.` and `..`. */
function normalized(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const isFolder = /(^|\/)\.{0,2}$/.test(path);
  return kept.length === 0 ? "/" : `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/** `+` is a space, as whoever reads the parameters has it: otherwise one could be made of the other, and still be signed. */
export function canonicalQuery(search: string): string {
  if (search === "") return "";
  const pairs: [string, string][] = [];
  for (const pair of search.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at);
    if (name === "X-Amz-Signature") continue;
    pairs.push([recode(name), at < 0 ? "" : recode(pair.slice(at + 1))]);
  }
  if (pairs.length > 1) pairs.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const recode = (text: string): string =>
  /^[A-Za-z0-9_.~-]*$/.test(text) ? text : encodeStrictly(decode(text.replaceAll("+", " ")));

/** What is encoded wrongly stays as it is: then it is not what was signed, or it means what was. */
function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** All but letters, digits and `-._~`. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalValue(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes("  ") ? trimmed.replace(/ {2,}/g, " ") : trimmed;
}
