/**
 * Decides about one destination. What leads to the host itself and to the metadata services of clouds is closed in every policy, unless
 * the operator named its address: `*` does not mean it, and a name may come to mean it without the operator.
 */
import { lookup } from "node:dns/promises";
import { BlockList } from "node:net";
import { type Destination, familyOf, type NetworkPolicy } from "../../../core/network-policy.ts";
import type { SocketAddress } from "./socket-address.ts";

type Endpoint = Exclude<SocketAddress, { family: "none" }>;

export interface JudgeOptions {
  readonly policy: NetworkPolicy;
  /** In addition, whatever the policy is, unless that is `none`. */
  readonly opened: readonly Destination[];
  /** Ports of this server: closed at every address of the host. */
  readonly ownPorts: readonly number[];
  /** The host's own addresses. */
  readonly ownAddresses: readonly string[];
  /** The resolvers of names. */
  readonly nameServers: readonly string[];
  /** Of a name, for a moment remembered. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/**
 * Loopback, "this host", link-local (where clouds keep metadata and credentials), and where else they keep them: AWS (metadata, and what gives
 * pods credentials) and Google for IPv6, Alibaba, and Azure's agent.
 */
const CLOSED = [
  ...["127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"],
  ...["fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32"],
];
const DNS_PORT = 53;

/** Nobody listens there: the C library's resolver connects to it to learn which of many addresses it has a way to. */
export const ANY_PORT = 0;

export class Judge {
  readonly #policy: NetworkPolicy;
  readonly #open: Destinations;
  readonly #allowed: Destinations;
  readonly #closed = networksOf(CLOSED);
  readonly #ownAddresses: BlockList;
  readonly #ownPorts: ReadonlySet<number>;
  readonly #nameServers: BlockList;

  constructor(options: JudgeOptions) {
    const resolve = options.resolve ?? rememberedLookup();
    this.#policy = options.policy;
    this.#open = new Destinations(options.opened, resolve);
    this.#allowed = new Destinations(typeof options.policy === "string" ? [] : options.policy, resolve);
    this.#ownAddresses = networksOf(options.ownAddresses);
    this.#ownPorts = new Set(options.ownPorts);
    this.#nameServers = networksOf(options.nameServers);
  }

  /** @param isOwn whether the process that connects is itself what listens there. */
  async allows(to: Endpoint, isOwn: () => boolean): Promise<boolean> {
    if (this.#policy === "none") return false;
    if (to.port === DNS_PORT && this.#nameServers.check(to.address, to.family)) return true;
    if (this.#open.hasAddressOf(to) || this.#allowed.hasAddressOf(to)) return true;
    if (this.#closed.check(to.address, to.family)) return isOwn();
    if (this.#ownPorts.has(to.port) && this.#ownAddresses.check(to.address, to.family)) return false;
    return this.#policy === "all" || (await this.#open.include(to)) || this.#allowed.include(to);
  }
}

interface At {
  readonly network: BlockList;
  readonly port: number | undefined;
}

class Destinations {
  readonly #addresses: readonly At[];
  /** Of `*`. */
  readonly #anywhere: readonly (number | undefined)[];
  readonly #named: readonly Destination[];
  readonly #resolve: (name: string) => Promise<readonly string[]>;

  constructor(destinations: readonly Destination[], resolve: (name: string) => Promise<readonly string[]>) {
    const isAddress = ({ host }: Destination): boolean =>
      host === LOCALHOST || familyOf(host.split("/")[0] ?? "") !== undefined;
    this.#addresses = destinations
      .filter(isAddress)
      .map(({ host, port }) => ({ network: networksOf(host === LOCALHOST ? LOOPBACK : [host]), port }));
    this.#anywhere = destinations.filter(({ host }) => host === "*").map(({ port }) => port);
    this.#named = destinations.filter((each) => each.host !== "*" && !isAddress(each));
    this.#resolve = resolve;
  }

  hasAddressOf({ address, family, port }: Endpoint): boolean {
    return this.#addresses.some((each) => isPort(each.port, port) && each.network.check(address, family));
  }

  async include(to: Endpoint): Promise<boolean> {
    if (this.hasAddressOf(to) || this.#anywhere.some((port) => isPort(port, to.port))) return true;
    for (const { host, port } of this.#named) {
      if (!isPort(port, to.port)) continue;
      if (networksOf(await this.#resolve(host)).check(to.address, to.family)) return true;
    }
    return false;
  }
}

const isPort = (allowed: number | undefined, port: number): boolean =>
  allowed === undefined || allowed === port || port === ANY_PORT;

const LOCALHOST = "localhost";
const LOOPBACK = ["127.0.0.1", "::1"];

function networksOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", bits] = text.split("/");
    const family = familyOf(address);
    if (family === undefined) continue; // an IPv6 address with a zone, which no socket address has
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const REMEMBERED_MS = 10_000;

/** A name that cannot be resolved has no address for a moment. */
function rememberedLookup(): (name: string) => Promise<readonly string[]> {
  const known = new Map<string, { untilMs: number; addresses: Promise<readonly string[]> }>();
  return (name) => {
    const found = known.get(name);
    if (found && found.untilMs > performance.now()) return found.addresses;
    const addresses = lookup(name, { all: true }).then(
      (answers) => answers.map(({ address }) => address),
      () => [],
    );
    known.set(name, { untilMs: performance.now() + REMEMBERED_MS, addresses });
    return addresses;
  };
}
