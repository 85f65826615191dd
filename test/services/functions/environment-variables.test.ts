import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Sealer } from "../../../src/security/seal.ts";
import { sealAtRest } from "../../../src/services/functions/seal-at-rest.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { startApp, type TestApp } from "../../support/app.ts";

const key = (id: string, fill: number) => ({ id, secret: Buffer.alloc(32, fill) });
const OLD = key("old", 1);
const NEW = key("new", 2);
const TEAM = key("team", 3);
const FUNCTION = "/2015-03-31/functions/f";
const CONFIGURATION = `${FUNCTION}/configuration`;
const arnOf = (id: string) => `arn:aws:kms:us-east-1:000000000000:key/${id}`;

let store: Store;
let app: TestApp;
beforeEach(async () => {
  store = await openStore({ memory: true });
  app = await startWith(OLD, TEAM);
});
afterEach(async () => {
  await app.close();
  await store.close();
});

const startWith = (...keys: ReturnType<typeof key>[]) => startApp({ store, sealer: new Sealer(keys) });
/** The same data under a server with other keys. */
async function restartWith(...keys: ReturnType<typeof key>[]): Promise<void> {
  await app.close();
  app = await startWith(...keys);
  await sealAtRest(app.services);
}
const storedIn = async (version = "$LATEST") =>
  (await store.functions.findVersion({ functionName: "f", version }))?.settings.environment;
const keyOf = (stored: string | null | undefined): string => {
  const bytes = Buffer.from(stored?.split(" ")[1] ?? "", "base64");
  return bytes.subarray(2, 2 + (bytes[1] ?? 0)).toString();
};
const invoke = (qualifier = "$LATEST") => app.send("POST", `${FUNCTION}/invocations?Qualifier=${qualifier}`, {});
const SOURCE_ENV = { Environment: { Variables: { WORD: "swordfish", OTHER: "ü" } } };
const update = async (change: Record<string, unknown>) => {
  const answer = await app.send("PUT", CONFIGURATION, change);
  await app.settled();
  return answer;
};
const publish = async () => (await app.send("POST", `${FUNCTION}/versions`, {})).body.Version;

describe("environment variables", () => {
  test("are stored sealed, with the function's name, and shown open", async () => {
    const created = await app.createFunction("f", SOURCE_ENV);
    expect(created.body.Environment).toEqual(SOURCE_ENV.Environment);
    const stored = await storedIn();
    expect(stored).toMatch(/^[\w-]{43} [A-Za-z0-9+/]+=*$/);
    expect(stored).not.toContain("swordfish");
    expect(keyOf(stored)).toBe("old");
    for (const path of [CONFIGURATION, `${FUNCTION}/versions`, "/2015-03-31/functions"])
      expect(JSON.stringify((await app.send("GET", path)).body)).toContain("swordfish");
    const { settings } = (await store.functions.findVersion({ functionName: "f", version: "$LATEST" })) ?? {};
    await app.createFunction("g");
    await store.functions.updateLatest({
      functionName: "g",
      revisionId: "r",
      nowMs: 1,
      reason: { reason: "", code: "" },
      codeBytesMax: 1e9,
      change: { settings: { environment: settings?.environment ?? null } },
    });
    expect((await app.send("GET", "/2015-03-31/functions/g/configuration")).body.Environment.Error.ErrorCode).toBe(
      "KMSInvalidStateException",
    );
  });

  test("are what a call finds", async () => {
    await app.createFunction("f", SOURCE_ENV);
    expect((await invoke()).status).toBe(200);
    const target = await app.services.resolver.resolve({ name: "f", qualifier: undefined });
    expect(target.choose().spec.variables).toEqual(SOURCE_ENV.Environment.Variables);
  });

  test("that are set to what they are, in whatever order, are no change: nothing new is published", async () => {
    await app.createFunction("f", { ...SOURCE_ENV, Publish: true });
    const before = await storedIn();
    await update({ Environment: { Variables: { OTHER: "ü", WORD: "swordfish" } } });
    expect(await storedIn()).toBe(before ?? "");
    expect(await publish()).toBe("1");
    await update({ Environment: { Variables: { WORD: "other" } } });
    expect(await publish()).toBe("2");
  });

  test("that are again what they were when last published are no change, either", async () => {
    await app.createFunction("f", { ...SOURCE_ENV, Publish: true });
    await update({ Environment: { Variables: { WORD: "other" } } });
    await update(SOURCE_ENV);
    expect(await publish()).toBe("1");
  });

  test("stay through other updates, and go when none are given", async () => {
    await app.createFunction("f", SOURCE_ENV);
    expect((await update({ Timeout: 9 })).body.Environment).toEqual(SOURCE_ENV.Environment);
    expect((await update({ Environment: { Variables: {} } })).body.Environment).toEqual({ Variables: {} });
    expect((await update({ Environment: {} })).body).not.toHaveProperty("Environment");
  });

  test("are sealed with the key that KMSKeyArn names, or with the first and a warning", async () => {
    await app.createFunction("f", { ...SOURCE_ENV, KMSKeyArn: arnOf("team") });
    expect(keyOf(await storedIn())).toBe("team");
    const other = await update({ KMSKeyArn: arnOf("nobody") });
    expect(other.headers.get("x-lambent-warning")).toContain("KMSKeyArn names no key");
    expect(keyOf(await storedIn())).toBe("old");
    const back = await update({ KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:alias/team" });
    expect(back.headers.get("x-lambent-warning")).toBeNull();
    expect(keyOf(await storedIn())).toBe("team");
    expect(back.body.Environment).toEqual(SOURCE_ENV.Environment);
    await update({ KMSKeyArn: "" });
    expect(keyOf(await storedIn())).toBe("old");
  });
});

describe("at a start", () => {
  test("with a new key all is sealed anew, published versions too, and nothing else is another", async () => {
    await app.createFunction("f", { ...SOURCE_ENV, Publish: true });
    const before = (await app.send("GET", CONFIGURATION)).body;
    await restartWith(NEW, OLD);
    expect([keyOf(await storedIn()), keyOf(await storedIn("1"))]).toEqual(["new", "new"]);
    expect((await app.send("GET", CONFIGURATION)).body).toEqual(before);
    expect(await publish()).toBe("1");
    await restartWith(NEW);
    expect((await invoke("1")).status).toBe(200);
  });

  test("what has a key of its own keeps it", async () => {
    await app.createFunction("f", { ...SOURCE_ENV, KMSKeyArn: arnOf("team") });
    const before = await storedIn();
    await restartWith(NEW, TEAM);
    expect(await storedIn()).toBe(before ?? "");
  });

  test("what an older release kept open is sealed, and compares as before", async () => {
    await app.createFunction("f");
    const open = { WORD: "swordfish" } as unknown as string;
    const change = { settings: { environment: open } };
    const reason = { reason: "", code: "" };
    await store.functions.updateLatest({
      functionName: "f",
      revisionId: "r",
      nowMs: 1,
      reason,
      change,
      codeBytesMax: 1e9,
    });
    await store.functions.settle({ functionName: "f", version: "$LATEST", expectedRevisionId: "r", revisionId: "s" });
    await store.functions.publish({
      functionName: "f",
      revisionId: "t",
      latestRevisionId: "u",
      nowMs: 1,
      reason,
      codeBytesMax: 1e9,
    });
    await restartWith(OLD);
    expect([keyOf(await storedIn()), keyOf(await storedIn("1"))]).toEqual(["old", "old"]);
    for (const version of ["$LATEST", "1"])
      expect((await app.send("GET", `${CONFIGURATION}?Qualifier=${version}`)).body.Environment.Variables).toEqual({
        WORD: "swordfish",
      });
    expect(await publish()).toBe("1");
  });

  test("nothing is written when nothing has changed", async () => {
    await app.createFunction("f", SOURCE_ENV);
    const before = await storedIn();
    await restartWith(OLD, NEW);
    expect(await storedIn()).toBe(before ?? "");
  });
});

describe("without the key", () => {
  beforeEach(async () => {
    await app.createFunction("f", { ...SOURCE_ENV, Publish: true });
    await restartWith(NEW);
  });

  test("a call is refused, as AWS has it", async () => {
    const answer = await invoke();
    expect([answer.status, answer.headers.get("x-amzn-ErrorType")]).toEqual([502, "KMSNotFoundException"]);
    expect(answer.body).toEqual({
      Type: "Service",
      Message:
        "Lambda was unable to decrypt the environment variables because the KMS key was not found. Please check the function's KMS key settings: the key file has no key 'old'.",
    });
  });

  test("what shows a configuration says so, and shows the rest", async () => {
    const error = { Error: { ErrorCode: "KMSNotFoundException", Message: expect.stringContaining("was not found") } };
    const views = [
      (await app.send("GET", CONFIGURATION)).body,
      (await app.send("GET", FUNCTION)).body.Configuration,
      (await app.send("GET", "/2015-03-31/functions")).body.Functions[0],
      (await app.send("GET", `${FUNCTION}/versions`)).body.Versions[1],
      (await update({ Description: "still" })).body,
      (await update({ KMSKeyArn: arnOf("x") })).body,
    ];
    for (const view of views) expect(view).toMatchObject({ FunctionName: "f", Environment: error });
  });

  test("new variables mend it", async () => {
    expect((await update({ Environment: { Variables: { WORD: "new" } } })).body.Environment).toEqual({
      Variables: { WORD: "new" },
    });
    expect((await invoke()).status).toBe(200);
    expect((await invoke("1")).status).toBe(502);
  });

  test("a key of the same name that is another one is told apart", async () => {
    await restartWith({ id: "old", secret: Buffer.alloc(32, 9) });
    expect((await invoke()).headers.get("x-amzn-ErrorType")).toBe("KMSInvalidStateException");
  });

  test("the key's return mends it as well", async () => {
    await restartWith(NEW, OLD);
    expect((await invoke()).status).toBe(200);
  });

  test("an event is taken, as the key may be there again when its turn comes", async () => {
    const headers = { "x-amz-invocation-type": "Event" };
    const answer = await app.app.request(`${FUNCTION}/invocations`, { method: "POST", headers, body: "{}" });
    expect(answer.status).toBe(202);
  });
});
