/**
 * What a decision about a function has to know of it: the policy attached to the function, version or alias, and the function's tags. Kept
 * until a write to the function, so that a warm call asks no store.
 */

import type { Log } from "../../core/log.ts";
import { LATEST } from "../../core/states.ts";
import { type Policy, parseResourcePolicy } from "../../security/policy/parse.ts";
import { PolicyError } from "../../security/policy/policy-error.ts";
import type { Store } from "../../store/port.ts";
import { policies } from "../permissions/policy.ts";

export interface FunctionFacts {
  readonly policy: Policy | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface FunctionPlace {
  readonly name: string;
  /** A version's number or an alias's name. */
  readonly qualifier: string | undefined;
}

/** Names that nobody has are kept as well; a caller who makes them up must not fill the memory. */
const KEPT_MAX = 20_000;

/** Nothing is allowed where a policy cannot be read: it may have said so. */
const DENY_ALL = parseResourcePolicy({
  Version: "2012-10-17",
  Statement: { Effect: "Deny", Principal: "*", Action: "*", Resource: "*" },
});

export class AccessFacts {
  readonly #parts: { store: Store; log: Log };
  readonly #kept = new Map<string, Map<string, FunctionFacts>>();
  /** Counts the writes: what was read before one is not kept after it. */
  #generation = 0;

  constructor(parts: { store: Store; log: Log }) {
    this.#parts = parts;
  }

  /** To be called after each write to the function, its policies or tags, before it is acknowledged. */
  forget(functionName: string): void {
    this.#generation++;
    this.#kept.delete(functionName);
  }

  /** Undefined when they are not at hand and `load` has to be asked. */
  known({ name, qualifier = "" }: FunctionPlace): FunctionFacts | undefined {
    return this.#kept.get(name)?.get(qualifier);
  }

  async load({ name, qualifier = "" }: FunctionPlace): Promise<FunctionFacts> {
    const generation = this.#generation;
    const { store } = this.#parts;
    // $LATEST has no policy of its own.
    const place = { owner: name, key: qualifier === LATEST ? "" : qualifier };
    const [kept, record] = await Promise.all([policies.find({ store }, place), store.functions.find(name)]);
    const facts = { policy: kept && this.#parsed(name, kept.body.document), tags: record?.tags ?? {} };
    if (generation === this.#generation) this.#keep(name, qualifier, facts);
    return facts;
  }

  #keep(name: string, qualifier: string, facts: FunctionFacts): void {
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    const ofFunction = this.#kept.get(name) ?? new Map<string, FunctionFacts>();
    if (ofFunction.size >= KEPT_MAX) ofFunction.clear();
    this.#kept.set(name, ofFunction.set(qualifier, facts));
  }

  #parsed(name: string, document: unknown): Policy {
    try {
      return parseResourcePolicy(document);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      this.#parts.log.warn({ err: error, function: name }, "Cannot read a function's policy: nobody is let in by it");
      return DENY_ALL;
    }
  }
}
