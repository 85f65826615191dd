import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteBuffer } from "../../src/core/byte-buffer.ts";

test("holds all that was appended since it was cleared, in order, and tells how long each text was", () => {
  const part = fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.string({ unit: "binary", maxLength: 1500 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 64 }), (parts, capacity) => {
      const buffer = new ByteBuffer(capacity);
      for (let round = 0; round < 2; round++) {
        for (const each of parts) {
          if (typeof each === "string") expect(buffer.appendText(each)).toBe(Buffer.byteLength(each));
          else buffer.append(each);
        }
        const whole = Buffer.concat(parts.map((each) => Buffer.from(each as string)));
        expect(Buffer.compare(buffer.bytes, whole)).toBe(0);
        expect(buffer.length).toBe(whole.length);
        buffer.clear();
      }
    }),
  );
});
