/** Random sequences of steps, taken by the store and by a model that fits on a page; both have to answer alike throughout. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LATEST } from "../../../src/core/states.ts";
import type { Store } from "../../../src/store/port.ts";
import { alias, code, create, latestOf, publish, settings, settle, update } from "./records.ts";

type Step =
  | { do: "create"; fn: string; seed: string }
  | { do: "update"; fn: string; seed: string; memoryMib: number }
  | { do: "settle"; fn: string }
  | { do: "publish"; fn: string }
  | { do: "delete"; fn: string }
  | { do: "delete-version"; fn: string; number: number }
  | { do: "put-alias"; fn: string; name: string; number: number; weighted: number | null }
  | { do: "delete-alias"; fn: string; name: string };

const fn = fc.constantFrom("f", "g");
const seed = fc.constantFrom("a", "b");
const number = fc.integer({ min: 1, max: 4 });
const name = fc.constantFrom("live", "next");

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("create"), fn, seed }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("update"), fn, seed, memoryMib: fc.constantFrom(128, 256) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("settle"), fn }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish"), fn }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete"), fn }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete-version"), fn, number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("put-alias"), fn, name, number, weighted: fc.option(number) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete-alias"), fn, name }) },
) as fc.Arbitrary<Step>;

export function modelContract(open: () => Promise<Store>): void {
  describe("model", () => {
    test("the store answers any sequence of steps as the model does, and numbers versions without gap or repeat", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const store = await open();
          try {
            const model = new Model();
            for (const next of steps) expect(await take(store, next)).toBe(model.take(next));
            expect(await contents(store)).toEqual(model.contents());
          } finally {
            await store.close();
          }
        }),
        { numRuns: 40 },
      );
    }, 60_000);
  });
}

/** Takes a step in the store; the answer is its kind and, of a published version, the number. */
async function take(store: Store, step: Step): Promise<string> {
  switch (step.do) {
    case "create":
      return (await create(store, latestOf(step.fn, { code: code(step.seed) }))).kind;
    case "update":
      return (
        await update(store, step.fn, { change: { code: code(step.seed), settings: { memoryMib: step.memoryMib } } })
      ).kind;
    case "settle":
      return (await settle(store, step.fn, LATEST)) ? "settled" : "nothing";
    case "publish": {
      const answer = await publish(store, step.fn);
      return answer.kind === "done" ? `done ${answer.value.version}` : answer.kind;
    }
    case "delete":
      return (await store.functions.delete(step.fn)).kind;
    case "delete-version":
      return (await store.functions.deleteVersion({ functionName: step.fn, version: String(step.number) })).kind;
    case "put-alias": {
      const weights: Record<string, number> = step.weighted === null ? {} : { [step.weighted]: 0.5 };
      const put = alias(step.fn, step.name, { version: String(step.number), weights });
      const made = await store.aliases.create(put);
      if (made.kind !== "exists") return made.kind;
      const { functionName, name, revisionId } = put;
      return (await store.aliases.update({ functionName, name, revisionId, change: { version: put.version, weights } }))
        .kind;
    }
    case "delete-alias":
      await store.aliases.delete({ functionName: step.fn, name: step.name });
      return "deleted";
    default:
      return step satisfies never;
  }
}

async function contents(store: Store): Promise<string[]> {
  const { items } = await store.functions.list({ versions: "all", count: 1000 });
  const lines = items.map((v) => `${v.functionName}:${v.version} ${v.code.sha256} ${v.settings.memoryMib}`);
  for (const functionName of ["f", "g"]) {
    const aliases = await store.aliases.list({ functionName, count: 10 });
    lines.push(...aliases.items.map((a) => `${functionName}:${a.name} ${a.version} ${Object.keys(a.weights)}`));
  }
  return [...lines, `${(await store.functions.usage()).codeBytes} bytes`];
}

interface ModelFunction {
  latest: string;
  unsettled: boolean;
  /** Content by number; `given` counts the numbers, of deleted versions too. */
  versions: Map<number, string>;
  given: number;
  aliases: Map<string, { version: number; weighted: number | null }>;
}

class Model {
  readonly functions = new Map<string, ModelFunction>();

  take(step: Step): string {
    const found = this.functions.get(step.fn);
    if (step.do === "create") {
      if (found) return "exists";
      const latest = `${code(step.seed).sha256} ${settings().memoryMib}`;
      this.functions.set(step.fn, { latest, unsettled: true, versions: new Map(), given: 0, aliases: new Map() });
      return "done";
    }
    if (step.do === "settle" && !found) return "nothing";
    if (step.do === "delete-alias") {
      found?.aliases.delete(step.name);
      return "deleted";
    }
    return found ? this.change(found, step) : "missing";
  }

  private change(found: ModelFunction, step: Exclude<Step, { do: "create" | "delete-alias" }>): string {
    switch (step.do) {
      case "update":
        if (found.unsettled) return "update-in-progress";
        Object.assign(found, { latest: `${code(step.seed).sha256} ${step.memoryMib}`, unsettled: true });
        return "done";
      case "settle": {
        const { unsettled } = found;
        found.unsettled = false;
        return unsettled ? "settled" : "nothing";
      }
      case "publish":
        if (found.unsettled) return "update-in-progress";
        if (found.versions.get(found.given) !== found.latest) found.versions.set(++found.given, found.latest);
        return `done ${found.given}`;
      case "delete":
        this.functions.delete(step.fn);
        return "done";
      case "delete-version": {
        if (!found.versions.has(step.number)) return "missing";
        const uses = [...found.aliases.values()].flatMap((to) => [to.version, to.weighted]);
        if (uses.includes(step.number)) return "aliased";
        found.versions.delete(step.number);
        return "done";
      }
      case "put-alias": {
        const { number: version, weighted } = step;
        if (!found.versions.has(version) || (weighted !== null && !found.versions.has(weighted))) return "no-version";
        found.aliases.set(step.name, { version, weighted });
        return "done";
      }
      default:
        return step satisfies never;
    }
  }

  contents(): string[] {
    const sorted = [...this.functions].sort(([a], [b]) => (a < b ? -1 : 1));
    const versions = sorted.flatMap(([fn, { latest, versions }]) => [
      `${fn}:${LATEST} ${latest}`,
      ...[...versions].map(([number, content]) => `${fn}:${number} ${content}`),
    ]);
    const aliases = sorted.flatMap(([fn, { aliases }]) =>
      [...aliases]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, to]) => `${fn}:${name} ${to.version} ${to.weighted ?? ""}`),
    );
    return [...versions, ...aliases, `${versions.length * 100} bytes`];
  }
}
