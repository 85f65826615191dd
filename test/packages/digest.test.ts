import { expect, test } from "bun:test";
import { digestOf } from "../../src/packages/digest.ts";

test.each([
  {
    text: "",
    hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    base64: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  },
  {
    text: "abc",
    hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    base64: "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
  },
])('the digest of "$text" is the one of FIPS 180', ({ text, hex, base64 }) => {
  expect(digestOf(Buffer.from(text))).toEqual({ hex, base64 });
});
