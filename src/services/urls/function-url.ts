/**
 * Where a function URL is. AWS's host, `<id>.lambda-url.<region>.on.aws`, becomes a name under the host by which the client reached this
 * server; for loopback that is `localhost`, since names under it need no DNS (RFC 6761). An IP address of another machine has no
 * names under it: there the id goes into the path, as it may everywhere.
 */
export const URL_PATH = "/_lambent/urls";

export function functionUrlOf(baseUrl: string, at: { id: string; region: string }): string {
  const base = new URL(baseUrl);
  const host = LOOPBACK.has(base.hostname) ? "localhost" : base.hostname;
  if (IP.test(host)) return `${baseUrl}${URL_PATH}/${at.id}/`;
  const port = base.port === "" ? "" : `:${base.port}`;
  return `${base.protocol}//${at.id}.lambda-url.${at.region}.${host}${port}/`;
}

/** A URL's id and what of a request's path is the function's; undefined when the request is for no function URL. */
export function urlPlaceOf(url: string): { id: string; path: string; query: string } | undefined {
  const pathAt = url.indexOf("/", HOST_FROM);
  const inHost = HOSTED.exec(url)?.[1];
  if (inHost === undefined && !url.startsWith(`${URL_PATH}/`, pathAt)) return undefined;
  const [, path = "/", query = ""] = /^([^?#]*)(?:\?([^#]*))?/.exec(url.slice(pathAt)) ?? [];
  if (inHost !== undefined) return { id: inHost, path, query };
  const [id = ""] = path.slice(URL_PATH.length + 1).split("/", 1);
  return { id, path: path.slice(URL_PATH.length + 1 + id.length) || "/", query };
}

/** `http://` and at least one character of a host. */
const HOST_FROM = 8;
const HOSTED = /^https?:\/\/([^/.]*)\.lambda-url\./;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);
const IP = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/;
