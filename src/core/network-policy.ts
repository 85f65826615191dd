/** Where a function may connect to, as an operator says it. */

export type NetworkPolicy = "all" | "none" | readonly Destination[];

/** A host (a name, an address, a network like `10.0.0.0/8`, or `*`), and a port; without one all ports. */
export interface Destination {
  readonly host: string;
  readonly port?: number;
}

/** Reads `all`, `none`, or destinations with commas between them. @throws Error that says what each has to be. */
export function parsePolicy(text: string): NetworkPolicy {
  return text === "all" || text === "none" ? text : parseDestinations(text);
}

/** Of several policies that hold at the same time: what any of them allows. */
export function unionOf(policies: readonly NetworkPolicy[]): NetworkPolicy {
  if (policies.includes("all")) return "all";
  const lists = policies.filter((policy) => typeof policy !== "string");
  return lists.length === 0 ? "none" : lists.flat();
}

/** `db.internal:5432,10.0.0.0/8,[::1]:80`. @throws Error that says what each has to be. */
export const parseDestinations = (text: string): Destination[] => text.split(",").map((each) => parseDestination(each));

const IN_BRACKETS = /^\[([^\]]+)\](?::(\d+))?$/;
const NAME_OR_IPV4 = /^([^:/\s]+(?:\/\d{1,2})?)(?::(\d+))?$/;
const IPV6 = /^[\da-fA-F:.]*:[\da-fA-F:.]*(?:\/\d{1,3})?$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?)*$/i;
const PORT_MAX = 65535;

function parseDestination(given: string): Destination {
  const text = given.trim();
  const [, host = IPV6.test(text) ? text : undefined, port] = IN_BRACKETS.exec(text) ?? NAME_OR_IPV4.exec(text) ?? [];
  if (host === undefined || !isHost(host) || Number(port ?? 1) < 1 || Number(port ?? 1) > PORT_MAX) {
    throw new Error(
      `'${text}' is no destination: it has to be a host name, an address, a network like 10.0.0.0/8 or *, and may end with a port, as in db.internal:5432 or [::1]:80`,
    );
  }
  return { host: host.toLowerCase(), ...(port !== undefined && { port: Number(port) }) };
}

function isHost(host: string): boolean {
  if (host === "*") return true;
  const [address = "", bits] = host.split("/");
  const family = familyOf(address);
  if (family === undefined) return bits === undefined && HOST_NAME.test(address) && !/^[\d.]+$/.test(address);
  return bits === undefined || Number(bits) <= (family === "ipv4" ? 32 : 128);
}

export function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split(".").every((part) => Number(part) < 256)) return "ipv4";
  return address.includes(":") && URL.canParse(`http://[${address}]/`) ? "ipv6" : undefined;
}
