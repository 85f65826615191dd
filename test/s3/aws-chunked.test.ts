import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeAwsChunked } from "../../src/s3/aws-chunked.ts";
import { S3Error } from "../../src/s3/s3-error.ts";

async function* inPieces(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text, "latin1");
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

async function decode(text: string, bytes = 7): Promise<{ body: string; trailers: Record<string, string> }> {
  const trailers = new Map<string, string>();
  const chunks = await Array.fromAsync(decodeAwsChunked(inPieces(text, bytes), { trailers }));
  return { body: Buffer.concat(chunks).toString("latin1"), trailers: Object.fromEntries(trailers) };
}

test("a body with trailers is read, wherever the network cuts it", async () => {
  const wire = "5\r\nhello\r\n6\r\n\r\n0\r\nx\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
  for (let bytes = 1; bytes <= wire.length; bytes++)
    expect(await decode(wire, bytes)).toEqual({
      body: "hello\r\n0\r\nx",
      trailers: { "x-amz-checksum-crc32": "AAAAAA==" },
    });
});

test("chunks with signatures are read, and a last line that is missing is forgiven", async () => {
  const wire = "3;chunk-signature=ab\r\nabc\r\n0;chunk-signature=cd\r\n";
  expect(await decode(wire)).toEqual({ body: "abc", trailers: {} });
});

test("whatever bytes go in come out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 40 }), async (texts, bytes) => {
      const latin = texts.map((text) => Buffer.from(text).toString("latin1"));
      const wire = `${latin.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join("")}0\r\n\r\n`;
      expect((await decode(wire, bytes)).body).toBe(latin.join(""));
    }),
  );
});

test.each([
  { name: "a chunk that ends early", wire: "5\r\nhel", code: "IncompleteBody" },
  { name: "a body that ends before the last chunk", wire: "3\r\nabc\r\n", code: "IncompleteBody" },
  { name: "a size that is none", wire: "xyz\r\nabc\r\n0\r\n\r\n", code: "InvalidRequest" },
  { name: "a negative size", wire: "-1\r\n\r\n", code: "InvalidRequest" },
  { name: "a chunk that is longer than it says", wire: "3\r\nabcd\r\n0\r\n\r\n", code: "InvalidRequest" },
  { name: "a trailer that is none", wire: "0\r\nnonsense\r\n\r\n", code: "InvalidRequest" },
  { name: "bytes after the end", wire: "0\r\n\r\nmore", code: "InvalidRequest" },
  { name: "a line without an end", wire: "1".repeat(20_000), code: "InvalidRequest" },
  { name: "a plain body", wire: "just some text", code: "InvalidRequest" },
])("refuses $name", async ({ wire, code }) => {
  const error = await decode(wire, 64).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(S3Error);
  expect((error as S3Error).code).toBe(code as S3Error["code"]);
});
