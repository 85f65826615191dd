import { describe, expect, test } from "bun:test";
import { parseDestinations, parsePolicy } from "../../../src/core/network-policy.ts";
import { Judge } from "../../../src/sandbox/guard/network/judge.ts";
import { readSocketAddress } from "../../../src/sandbox/guard/network/socket-address.ts";

const endpoint = (text: string) => {
  const [, address = "", port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text) ?? [];
  return { family: address.includes(":") ? ("ipv6" as const) : ("ipv4" as const), address, port: Number(port) };
};
const NAMES: Record<string, string[]> = {
  "db.internal": ["10.1.2.3", "2001:db8::3"],
  "gone.internal": [],
  "meta.internal": ["169.254.169.254"],
};
const judgeOf = (policy: string, opened = "") =>
  new Judge({
    policy: parsePolicy(policy),
    opened: opened === "" ? [] : parseDestinations(opened),
    ownPorts: [4566],
    ownAddresses: ["192.168.1.5", "127.0.0.1", "fe80::1%eth0"],
    nameServers: ["127.0.0.53", "10.0.0.2"],
    resolve: async (name) => NAMES[name] ?? [],
  });

describe("a policy", () => {
  const ROWS: [string, string, boolean, string?][] = [
    ["all", "93.184.216.34:443", true],
    ["all", "[2606:2800:220::1]:443", true],
    ["all", "10.1.2.3:5432", true],
    ["all", "169.254.169.254:80", false],
    ["all", "169.254.170.2:80", false],
    ["all", "[fd00:ec2::254]:80", false],
    ["all", "[fd00:ec2::23]:80", false],
    ["all", "[fd20:ce::254]:80", false],
    ["all", "100.100.100.200:80", false],
    ["all", "168.63.129.16:32526", false],
    ["all", "[fe80::1]:80", false],
    ["all", "127.0.0.1:5432", false],
    ["all", "127.8.9.1:80", false],
    ["all", "0.0.0.0:80", false],
    ["all", "[::1]:80", false],
    ["all", "[::]:80", false],
    ["all", "192.168.1.5:4566", false],
    ["all", "192.168.1.5:80", true],
    ["all", "192.168.1.6:4566", true],
    ["all", "127.0.0.53:53", true],
    ["all", "127.0.0.53:80", false],
    ["all", "127.0.0.1:5432", true, "127.0.0.1:5432"],
    ["all", "127.0.0.1:5433", false, "127.0.0.1:5432"],
    ["all", "169.254.169.254:80", true, "169.254.0.0/16"],
    ["all", "[::1]:80", true, "[::1]:80"],
    ["all", "192.168.1.5:4566", true, "192.168.1.5:4566"],
    ["all", "192.168.1.5:4566", false, "*:4566"],
    ["all", "127.0.0.1:3000", true, "localhost:3000"],
    ["all", "[::1]:3000", true, "localhost:3000"],
    ["all", "169.254.169.254:80", false, "meta.internal"],
    ["meta.internal", "169.254.169.254:80", false],
    ["127.0.0.1:5432", "127.0.0.1:5432", true],
    ["10.0.0.0/8", "192.168.9.9:1", true, "192.168.9.9"],
    ["10.0.0.0/8", "10.1.2.3:1", true, "db.internal"],
    ["172.16.0.0/12", "10.1.2.3:1", true, "db.internal"],
    ["none", "93.184.216.34:443", false],
    ["none", "10.0.0.2:53", false],
    ["10.0.0.0/8:443", "10.9.9.9:443", true],
    ["10.0.0.0/8:443", "10.9.9.9:80", false],
    ["10.0.0.0/8:443", "11.9.9.9:443", false],
    ["10.0.0.0/8", "10.0.0.2:53", true],
    ["*:443", "93.184.216.34:443", true],
    ["*:443", "93.184.216.34:80", false],
    ["*:443", "127.0.0.1:443", false],
    ["2001:db8::/32", "[2001:db8::3]:1", true],
    ["2001:db8::/32", "[2001:db9::3]:1", false],
    ["db.internal:5432", "10.1.2.3:5432", true],
    ["db.internal:5432", "[2001:db8::3]:5432", true],
    ["db.internal:5432", "10.1.2.4:5432", false],
    ["db.internal:5432", "10.1.2.3:80", false],
    ["gone.internal,10.7.7.7", "10.7.7.7:1", true],
    ["gone.internal", "10.7.7.7:1", false],
  ];
  test.each(ROWS.map(([policy, to, allowed, opened = ""]) => ({ policy, to, allowed, opened })))(
    "$policy: $to is allowed: $allowed (opened: $opened)",
    async ({ policy, to, allowed, opened }) => {
      expect(await judgeOf(policy, opened).allows(endpoint(to), () => false)).toBe(allowed);
    },
  );

  test("lets a process reach what it listens on itself, and nothing with none", async () => {
    expect(await judgeOf("all").allows(endpoint("127.0.0.1:9"), () => true)).toBe(true);
    expect(await judgeOf("none").allows(endpoint("127.0.0.1:9"), () => true)).toBe(false);
  });

  test.each([
    "",
    "a b",
    "10.0.0.0/33",
    "10.0.0.256",
    "host:0",
    "host:70000",
    "host:x",
    "::1/129",
    "http://x",
    "a/8",
    "[::1",
  ])("'%s' is refused with what it has to be", (text) => {
    expect(() => parsePolicy(text)).toThrow("is no destination: it has to be a host name");
  });

  test("is read as it was written", () => {
    expect(parsePolicy("DB.internal:5432, [::1]:80,fe80::/10,*")).toEqual([
      { host: "db.internal", port: 5432 },
      { host: "::1", port: 80 },
      { host: "fe80::/10" },
      { host: "*" },
    ]);
  });
});

describe("a socket address", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  test.each([
    { name: "IPv4", given: bytes(2, 0, 1, 187, 10, 0, 0, 1), is: { family: "ipv4", address: "10.0.0.1", port: 443 } },
    {
      name: "IPv6",
      given: bytes(10, 0, 0, 80, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 3),
      is: { family: "ipv6", address: "2001:db8:0:0:0:0:0:3", port: 80 },
    },
    {
      name: "IPv4 in IPv6",
      given: bytes(10, 0, 0, 80, 0, 0, 0, 0, ...Array(10).fill(0), 255, 255, 127, 0, 0, 1),
      is: { family: "ipv4", address: "127.0.0.1", port: 80 },
    },
    { name: "none", given: bytes(0, 0), is: { family: "none" } },
    { name: "a short IPv4", given: bytes(2, 0, 1, 187, 10), is: undefined },
    { name: "another family", given: bytes(1, 0, 47, 120), is: undefined },
    { name: "nothing", given: bytes(), is: undefined },
  ])("$name", ({ given, is }) => {
    expect(readSocketAddress(given) as unknown).toEqual(is);
  });
});
