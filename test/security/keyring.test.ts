import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { hostCredentials } from "../../src/security/keys/credentials.ts";
import { Keyring } from "../../src/security/keys/keyring.ts";
import { PolicyError } from "../../src/security/policy/policy-error.ts";
import { Sealer } from "../../src/security/seal.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/port.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const HOUR_MS = 3600_000;
const sealing = { id: "one", secret: randomBytes(32) };

let store: Store;
let clock: ManualClock;
beforeEach(async () => {
  store = await openStore({ memory: true });
  clock = new ManualClock(NOW_MS);
});
afterEach(() => store.close());

const open = (sealer = new Sealer([sealing])): Promise<Keyring> =>
  Keyring.open({ documents: store.documents, sealer, clock, accountId: "000000000000" });
const settings = (change = {}) => ({
  name: "ann",
  role: "invoker" as const,
  policy: null,
  expiresAtMs: null,
  rate: null,
  ...change,
});

describe("a keyring", () => {
  test("finds what it made, also after a restart, and shows no secret", async () => {
    const keyring = await open();
    expect(keyring.isEmpty).toBe(true);
    const { accessKeyId, secretAccessKey } = await keyring.create(settings());
    expect(accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(secretAccessKey).toHaveLength(40);
    for (const each of [keyring, await open()]) {
      expect(each.find(accessKeyId)).toMatchObject({
        secret: secretAccessKey,
        name: "ann",
        principal: { arn: "arn:aws:iam::000000000000:user/ann" },
      });
      expect(JSON.stringify(each.list())).not.toContain(secretAccessKey);
      expect(each.isEmpty).toBe(false);
    }
  });

  test("keeps no secret that could be read in the store", async () => {
    const { secretAccessKey } = await (await open()).create(settings());
    const kept = JSON.stringify((await store.documents.list({ kind: "access-key", count: 10 })).items);
    expect(kept).not.toContain(secretAccessKey);
    expect(kept).not.toContain(Buffer.from(secretAccessKey).toString("base64"));
  });

  test("lets a key that it removed open nothing, at once and for ever", async () => {
    const keyring = await open();
    const { accessKeyId } = await keyring.create(settings());
    expect(await keyring.remove(accessKeyId)).toBe(true);
    expect(keyring.find(accessKeyId)).toBeUndefined();
    expect((await open()).find(accessKeyId)).toBeUndefined();
    expect(await keyring.remove(accessKeyId)).toBe(false);
  });

  test("rotates: the new key has the settings of the old, which is over after a while", async () => {
    const keyring = await open();
    const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "lambda:Get*", Resource: "*" } };
    const old = await keyring.create(settings({ role: null, policy, rate: 5 }));
    const made = await keyring.rotate(old.accessKeyId, NOW_MS + HOUR_MS);
    expect(made?.accessKeyId).not.toBe(old.accessKeyId);
    expect(keyring.info(made?.accessKeyId ?? "")).toMatchObject({ name: "ann", policy, rate: 5, expiresAt: null });
    expect(keyring.info(old.accessKeyId)).toMatchObject({ expiresAt: "2026-03-01T13:00:00.000Z" });
    const last = await keyring.rotate(made?.accessKeyId ?? "", NOW_MS);
    expect(keyring.idsOf("ann").sort()).toEqual([old.accessKeyId, last?.accessKeyId ?? ""].sort());
  });

  test("refuses a policy that is none, and keeps nothing of it", async () => {
    const keyring = await open();
    expect(keyring.create(settings({ role: null, policy: { Statement: [] } }))).rejects.toThrow(PolicyError);
    expect(keyring.isEmpty).toBe(true);
  });

  test("says when a key was used last, and still knows after a restart", async () => {
    const keyring = await open();
    const { accessKeyId } = await keyring.create(settings());
    expect(keyring.info(accessKeyId)?.lastUsedAt).toBeNull();
    const key = keyring.find(accessKeyId);
    if (key) keyring.noteUse(key);
    expect(keyring.info(accessKeyId)?.lastUsedAt).toBe("2026-03-01T12:00:00.000Z");
    await keyring.flushUses();
    expect((await open()).info(accessKeyId)?.lastUsedAt).toBe("2026-03-01T12:00:00.000Z");
  });
});

describe("when the key file changes", () => {
  test("keys still open after a rotation of it, and are lost with it", async () => {
    const { accessKeyId, secretAccessKey } = await (await open()).create(settings());
    const rotated = await open(new Sealer([{ id: "two", secret: randomBytes(32) }, sealing]));
    expect(rotated.find(accessKeyId)?.secret).toBe(secretAccessKey);
    const lost = await open(new Sealer([{ id: "three", secret: randomBytes(32) }]));
    expect(lost.find(accessKeyId)).toBeUndefined();
    expect(lost.lost).toEqual([accessKeyId]);
    expect(lost.info(accessKeyId)?.usable).toBe(false);
  });

  test("secrets are sealed anew at the next start, and the old key may go", async () => {
    const { accessKeyId, secretAccessKey } = await (await open()).create(settings());
    const fresh = { id: "two", secret: randomBytes(32) };
    await open(new Sealer([fresh, sealing]));
    expect((await open(new Sealer([fresh]))).find(accessKeyId)?.secret).toBe(secretAccessKey);
  });

  test("the host's own key follows from each key in it, and from nothing else", async () => {
    const other = { id: "two", secret: randomBytes(32) };
    const keyring = await open(new Sealer([other, sealing]));
    for (const each of [sealing, other]) {
      const { accessKeyId, secretAccessKey } = hostCredentials(each);
      expect(keyring.find(accessKeyId)).toMatchObject({
        secret: secretAccessKey,
        principal: { arn: "arn:aws:iam::000000000000:root" },
      });
    }
    expect((await open()).find(hostCredentials(other).accessKeyId)).toBeUndefined();
    expect(keyring.list()).toEqual([]);
  });
});
