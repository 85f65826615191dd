/** Two clients that update, publish, delete and alias one function at the same time, in hundreds of interleavings. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { appForEach } from "../support/app.ts";
import { contentOf, hasSerialOrder, type Observed } from "../support/serial-order.ts";

const app = appForEach();
const RUNS = 300;
const INITIAL_TIMEOUT = 3;

type Step = {
  /** Turns of the event loop before it begins. */
  readonly pause: number;
  /** Waits for updates under way first, so that it is rarely refused for one. */
  readonly patient: boolean;
} & (
  | { readonly do: "update"; readonly timeout: number }
  | { readonly do: "publish" }
  /** Thinks for so many turns between reading and writing. */
  | { readonly do: "guarded-update"; readonly thinks: number }
  | { readonly do: "delete"; readonly version: number }
  | { readonly do: "create-alias" | "move-alias" | "delete-alias"; readonly name: string; readonly version: number }
);

const timing = { pause: fc.nat({ max: 4 }), patient: fc.boolean() };
const version = fc.integer({ min: 1, max: 3 });
const name = fc.constantFrom("live", "next");
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ ...timing, do: fc.constant("update"), timeout: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ ...timing, do: fc.constant("guarded-update"), thinks: fc.nat({ max: 30 }) }) },
  { weight: 5, arbitrary: fc.record({ ...timing, do: fc.constant("publish") }) },
  { weight: 2, arbitrary: fc.record({ ...timing, do: fc.constant("delete"), version }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...timing,
      do: fc.constantFrom("create-alias", "move-alias", "delete-alias"),
      name,
      version,
    }),
  },
) as fc.Arbitrary<Step>;
const client = fc.array(step, { minLength: 1, maxLength: 7 });

let functionCount = 0;

test(`in ${RUNS} interleavings of two clients every answer is one that some serial order allows`, async () => {
  await fc.assert(
    fc.asyncProperty(client, client, async (first, second) => {
      const fn = new Fn(`p${++functionCount}`);
      await fn.create();
      const seen = await Promise.all([fn.take(first, "a"), fn.take(second, "b")]);
      await app().settled();
      expect(hasSerialOrder(seen, { timeout: INITIAL_TIMEOUT }), JSON.stringify(seen, null, 1)).toBe(true);
      await fn.checkNumbers(seen.flat());
      await fn.checkTokens(seen.flat());
      await fn.remove();
    }),
    { numRuns: RUNS },
  );
}, 120_000);

class Fn {
  readonly #path: string;

  constructor(readonly name: string) {
    this.#path = `/2015-03-31/functions/${name}`;
  }

  async create(): Promise<void> {
    await app().createFunction(this.name, { Timeout: INITIAL_TIMEOUT });
  }

  async remove(): Promise<void> {
    expect((await app().send("DELETE", this.#path)).status).toBe(204);
  }

  async take(steps: readonly Step[], who: string): Promise<Observed[]> {
    const seen: Observed[] = [];
    for (const [index, next] of steps.entries()) {
      await turns(next.pause);
      if (next.patient) await app().settled();
      seen.push(...(await this.#take(next, `${who}${index}`)));
    }
    return seen;
  }

  async #take(next: Step, token: string): Promise<Observed[]> {
    switch (next.do) {
      case "update": {
        const { status } = await app().send("PUT", `${this.#path}/configuration`, { Timeout: next.timeout });
        return [{ did: "update", timeout: next.timeout, answer: answerOf(status, { 200: "ok", 409: "busy" }) }];
      }
      case "guarded-update":
        return this.#guardedUpdate(token, next.thinks);
      case "publish": {
        const { status, body } = await app().send("POST", `${this.#path}/versions`, {});
        if (status === 409) return [{ did: "publish", answer: "busy" }];
        expect(status).toBe(201);
        return [{ did: "publish", answer: { version: Number(body.Version), content: wireContent(body) } }];
      }
      case "delete": {
        const { status } = await app().send("DELETE", `${this.#path}?Qualifier=${next.version}`);
        return [{ did: "delete", version: next.version, answer: answerOf(status, { 204: "ok", 409: "aliased" }) }];
      }
      case "create-alias": {
        const alias = { Name: next.name, FunctionVersion: String(next.version) };
        const { status } = await app().send("POST", `${this.#path}/aliases`, alias);
        const answer = answerOf(status, { 201: "ok", 409: "exists", 404: "no-version" });
        return [{ did: "create-alias", name: next.name, version: next.version, answer }];
      }
      case "move-alias": {
        const change = { FunctionVersion: String(next.version) };
        const { status, body } = await app().send("PUT", `${this.#path}/aliases/${next.name}`, change);
        const missing = String(body.Message).startsWith("Alias not found");
        const answer = missing ? "missing" : answerOf(status, { 200: "ok", 404: "no-version" });
        return [{ did: "move-alias", name: next.name, version: next.version, answer }];
      }
      case "delete-alias":
        expect((await app().send("DELETE", `${this.#path}/aliases/${next.name}`)).status).toBe(204);
        return [{ did: "delete-alias", name: next.name }];
      default:
        return next satisfies never;
    }
  }

  /** Adds a token to the description, as a careful client does: read, change, write under the revision that was read. */
  async #guardedUpdate(token: string, thinks: number): Promise<Observed[]> {
    const { body } = await app().send("GET", `${this.#path}/configuration`);
    await turns(thinks);
    await app().settled();
    const description = `${body.Description}${token};`;
    const change = { Description: description, RevisionId: body.RevisionId };
    const { status } = await app().send("PUT", `${this.#path}/configuration`, change);
    const answer = answerOf(status, { 200: "ok", 409: "busy", 412: "stale" });
    return [
      { did: "read", content: wireContent(body) },
      { did: "guarded-update", description, answer },
    ];
  }

  /** Numbers that were answered are those that were given out, from 1, without gap; what each holds stays as it was answered. */
  async checkNumbers(seen: readonly Observed[]): Promise<void> {
    const contents = new Map<number, string>();
    for (const one of seen) {
      if (one.did !== "publish" || one.answer === "busy") continue;
      const { version, content } = one.answer;
      expect(contents.get(version) ?? content).toBe(content);
      contents.set(version, content);
    }
    const numbers = [...contents.keys()].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
    const listed = (await app().send("GET", `${this.#path}/versions`)).body.Versions.slice(1);
    for (const one of listed) expect(wireContent(one)).toBe(contents.get(Number(one.Version)) ?? "never published");
    const aliases = (await app().send("GET", `${this.#path}/aliases`)).body.Aliases;
    const existing = listed.map((one: { Version: string }) => one.Version);
    for (const { FunctionVersion } of aliases) expect(existing).toContain(FunctionVersion);
  }

  /** Every token whose write was accepted is there in the end, once. */
  async checkTokens(seen: readonly Observed[]): Promise<void> {
    const accepted = seen.flatMap((one) =>
      one.did === "guarded-update" && one.answer === "ok" ? [one.description.split(";").at(-2)] : [],
    );
    const { Description } = (await app().send("GET", `${this.#path}/configuration`)).body;
    expect(Description.split(";").slice(0, -1).sort()).toEqual(accepted.sort());
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const wireContent = (body: { Timeout: number; Description: string }): string =>
  contentOf({ timeout: body.Timeout, description: body.Description });

function answerOf<const Answer extends string>(status: number, known: Readonly<Record<number, Answer>>): Answer {
  const answer = known[status];
  if (answer === undefined) throw new Error(`Nobody expects the status ${status} here`);
  return answer;
}

describe("the check of serial orders refuses", () => {
  const read: Observed = { did: "read", content: "3 " };
  const guarded = (description: string): Observed => ({ did: "guarded-update", description, answer: "ok" });
  test.each<{ name: string; clients: Observed[][] }>([
    {
      name: "an update that is lost",
      clients: [
        [read, guarded("a;")],
        [read, guarded("b;")],
      ],
    },
    {
      name: "a version number that is given twice",
      clients: [
        [
          { did: "update", timeout: 1, answer: "ok" },
          { did: "publish", answer: { version: 1, content: "1 " } },
        ],
        [
          { did: "update", timeout: 2, answer: "ok" },
          { did: "publish", answer: { version: 1, content: "2 " } },
        ],
      ],
    },
    { name: "a gap in the numbers", clients: [[{ did: "publish", answer: { version: 2, content: "3 " } }], []] },
    {
      name: "an alias of a version that was never there",
      clients: [[{ did: "create-alias", name: "live", version: 1, answer: "ok" }], []],
    },
  ])("$name", ({ clients }) => {
    expect(hasSerialOrder(clients, { timeout: 3 })).toBe(false);
  });
});
