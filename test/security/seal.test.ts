import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { keyIdOf, SealError, Sealer } from "../../src/security/seal.ts";

const first = { id: "first", secret: randomBytes(32) };
const second = { id: "second.key-2", secret: randomBytes(32) };
const sealer = new Sealer([first, second]);

const reasonOf = (open: () => unknown): string => {
  try {
    open();
  } catch (error) {
    if (error instanceof SealError) return error.reason;
    throw error;
  }
  return "opened";
};

describe("a sealer", () => {
  test("opens what it sealed, bytes and text, empty and long", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.string({ unit: "binary" }), (bytes, context) => {
        expect(Buffer.from(sealer.open(sealer.seal(bytes, context), context))).toEqual(Buffer.from(bytes));
      }),
    );
    expect(sealer.openText(sealer.seal("žluťoučký 🐎", "text"), "text")).toBe("žluťoučký 🐎");
    expect(sealer.openText(sealer.seal("", "text"), "text")).toBe("");
  });

  test("shows nothing of what it sealed, and seals the same twice differently", () => {
    const [one, other] = [sealer.seal("a secret that is long enough to be seen", "c"), sealer.seal("a secret", "c")];
    expect(Buffer.from(one).includes("secret")).toBe(false);
    expect(Buffer.from(sealer.seal("a secret", "c")).equals(Buffer.from(other))).toBe(false);
  });

  test("opens nothing in another context", () => {
    expect(reasonOf(() => sealer.open(sealer.seal("x", "environment:a"), "environment:b"))).toBe("damaged");
  });

  test("opens nothing of which one bit was changed, or that was cut or lengthened", () => {
    const sealed = sealer.seal("untouched", "c");
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(reasonOf(() => sealer.open(changed, "c"))).not.toBe("opened");
    }
    for (let length = 0; length < sealed.length; length += 1)
      expect(reasonOf(() => sealer.open(sealed.subarray(0, length), "c"))).not.toBe("opened");
    expect(reasonOf(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), "c"))).toBe("damaged");
  });

  test("answers any bytes with an error of its own", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["no-key", "damaged"]).toContain(reasonOf(() => sealer.open(bytes, "c")));
      }),
    );
  });
});

describe("several keys", () => {
  test("the first one seals, and the sealed bytes name it", () => {
    expect(keyIdOf(sealer.seal("x", "c"))).toBe("first");
    expect(sealer.keyIds).toEqual(["first", "second.key-2"]);
  });

  test("another one is chosen by its id; both open both", () => {
    const other = sealer.withKey("second.key-2");
    const sealed = other?.seal("x", "c") ?? new Uint8Array();
    expect(keyIdOf(sealed)).toBe("second.key-2");
    expect(sealer.openText(sealed, "c")).toBe("x");
    expect(other?.openText(sealer.seal("y", "c"), "c")).toBe("y");
    expect(sealer.withKey("third")).toBeUndefined();
  });

  test("after a rotation the old key's work opens, and is stale", () => {
    const before = new Sealer([second]).seal("x", "c");
    expect(sealer.openText(before, "c")).toBe("x");
    expect(sealer.isStale(before)).toBe(true);
    expect(sealer.isStale(sealer.seal("x", "c"))).toBe(false);
  });

  test("a mark is the same for the same text, context and key, and for no others", () => {
    const marks = [sealer, new Sealer([second])].flatMap((each) =>
      ["f\nx", "x"].flatMap((text) => ["c", "c\nf"].map((context) => each.mark(text, context))),
    );
    expect(sealer.mark("f", "c")).toBe(sealer.mark("f", "c"));
    expect(new Set(marks).size).toBe(marks.length);
  });

  test("a key that is gone is named by the refusal, and no other opens in its place", () => {
    const sealed = sealer.seal("x", "c");
    const without = new Sealer([second]);
    expect(reasonOf(() => without.open(sealed, "c"))).toBe("no-key");
    expect(() => without.open(sealed, "c")).toThrow("'first'");
    const impostor = new Sealer([{ id: "first", secret: randomBytes(32) }]);
    expect(reasonOf(() => impostor.open(sealed, "c"))).toBe("damaged");
  });

  test("refuses keys that are none", () => {
    expect(() => new Sealer([])).toThrow("has a key");
    expect(() => new Sealer([{ id: "a b", secret: randomBytes(32) }])).toThrow("id");
    expect(() => new Sealer([{ id: "a", secret: randomBytes(16) }])).toThrow("32 bytes");
    expect(() => new Sealer([first, { ...second, id: "first" }])).toThrow("of its own");
  });
});
