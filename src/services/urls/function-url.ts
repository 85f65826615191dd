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

/** The id in a request's `Host`; undefined when it is no function URL's. */
export const urlIdOf = (host: string): string | undefined => /^([a-z0-9]{32})\.lambda-url\./.exec(host)?.[1];

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);
const IP = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/;
