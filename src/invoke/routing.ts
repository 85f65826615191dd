/**
 * Weighted routing by a seeded sampler. Each alias has its own stream of draws per routing table, so the versions that its calls get are the same
 * in every run with the same seed, whatever other traffic there is. The n-th draw depends on nothing but seed, alias, table and n.
 */
export interface RoutingTable {
  /** Names the alias: its function and its name. */
  readonly aliasKey: string;
  readonly version: string;
  /** Share (0–1) of each other version. */
  readonly weights: Readonly<Record<string, number>>;
}

export interface Draw {
  readonly seed: string;
  readonly version: string;
  /** Counts the draws of this table from 0. */
  readonly index: number;
  /** Uniform in [0, 1). */
  readonly value: number;
}

/** `exact`: no chance at all; of any n draws in a row each version gets its share, within one. For tests. */
export type RoutingMode = "sampled" | "exact";

export class Router {
  readonly #seed: string;
  readonly #mode: RoutingMode;
  readonly #draws = new Map<string, { count: number; state: number }>();

  constructor(seed: string, mode: RoutingMode = "sampled") {
    this.#seed = seed;
    this.#mode = mode;
  }

  choose(table: RoutingTable): Draw {
    const stream = this.#streamOf(table);
    const index = stream.count++;
    const seed = this.#seed;
    if (this.#mode === "exact") return { seed, index, ...evenly(table, index) };
    const value = uniform(stream.state, index);
    let passed = 0;
    for (const [version, weight] of Object.entries(table.weights)) {
      passed += weight;
      if (value < passed) return { seed, version, index, value };
    }
    return { seed, version: table.version, index, value };
  }

  /** Kept for one table an alias: a changed table begins anew. */
  #streamOf(table: RoutingTable): { count: number; state: number } {
    const key = JSON.stringify([table.aliasKey, table.version, table.weights]);
    const known = this.#draws.get(key);
    if (known) return known;
    const stream = { count: 0, state: hash32(`${this.#seed}\n${key}`) };
    this.#draws.set(key, stream);
    return stream;
  }
}

/** FNV-1a, then murmur3's finalizer to spread its bits. Source: the algorithms' published definitions. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return mix(hash);
}

/** Two 32-bit words of a counter-based generator make the 53 bits of a double. */
function uniform(state: number, index: number): number {
  const high = mix(state ^ mix(2 * index + 1)) >>> 5;
  const low = mix(state + mix(2 * index + 2)) >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/**
 * The other version gets a draw whenever its share of all draws passes a whole number. Whole numbers are compared, not remainders: their
 * rounding errors would add up. An alias has at most one other version.
 */
function evenly({ version, weights }: RoutingTable, index: number): { version: string; value: number } {
  const [other = version, weight = 0] = Object.entries(weights)[0] ?? [];
  const due = (index + 1) * weight;
  return { version: Math.floor(due) > Math.floor(index * weight) ? other : version, value: due % 1 };
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
