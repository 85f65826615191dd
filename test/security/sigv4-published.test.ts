/**
 * Requests with the signatures that AWS publishes for them: the cases of "Signature Version 4 test suite", and the worked examples of
 * the Amazon S3 API Reference. The keys are the documents' own.
 */
import { describe, expect, test } from "bun:test";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { ChunkChain } from "../../src/security/sigv4/chunks.ts";
import { sha256Hex, Verifier } from "../../src/security/sigv4/verify.ts";

interface Published {
  readonly name: string;
  readonly method?: string;
  /** After the host. */
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signedHeaders?: string;
  readonly signature: string;
}

const ONLY_A_SLASH = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const WITH_MY_HEADER = "host;my-header1;x-amz-date";

const SUITE: Published[] = [
  { name: "get-vanilla", signature: ONLY_A_SLASH },
  {
    name: "get-vanilla-empty-query-key",
    path: "/?Param1=value1",
    signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
  },
  {
    name: "get-vanilla-query-order-key-case",
    path: "/?Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  { name: "get-utf8", path: "/ሴ", signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
  { name: "get-relative", path: "/example/..", signature: ONLY_A_SLASH },
  { name: "get-relative-relative", path: "/example1/example2/../..", signature: ONLY_A_SLASH },
  { name: "get-slash", path: "//", signature: ONLY_A_SLASH },
  { name: "get-slash-dot-slash", path: "/./", signature: ONLY_A_SLASH },
  {
    name: "get-slashes",
    path: "//example//",
    signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
  },
  {
    name: "get-slash-pointless-dot",
    path: "/./example",
    signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
  },
  {
    name: "get-space",
    path: "/example space/",
    signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
  },
  {
    name: "get-header-value-trim",
    headers: { "My-Header1": " value1", "My-Header2": ' "a   b   c"' },
    signedHeaders: "host;my-header1;my-header2;x-amz-date",
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  {
    name: "get-header-key-duplicate, as its signer joins it",
    headers: { "My-Header1": "value2,value2,value1" },
    signedHeaders: WITH_MY_HEADER,
    signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
  },
  {
    name: "post-vanilla",
    method: "POST",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "post-vanilla-empty-query-value",
    method: "POST",
    path: "/?Param1=value1",
    signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  },
  {
    name: "post-header-key-sort",
    method: "POST",
    headers: { "My-Header1": "value1" },
    signedHeaders: WITH_MY_HEADER,
    signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
  },
  {
    name: "post-header-value-case",
    method: "POST",
    headers: { "My-Header1": "VALUE1" },
    signedHeaders: WITH_MY_HEADER,
    signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  },
  {
    name: "post-x-www-form-urlencoded",
    method: "POST",
    body: "Param1=value1",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    signedHeaders: "content-type;host;x-amz-date",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    method: "POST",
    body: "Param1=value1",
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf8" },
    signedHeaders: "content-type;host;x-amz-date",
    signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
  },
];

const verifierOf = (service: string, key: { id: string; secret: string }, nowText: string) =>
  new Verifier({
    region: "us-east-1",
    service,
    skewMs: 300_000,
    clock: new ManualClock(Date.parse(nowText)),
    findKey: (id) => (id === key.id ? { ...key, expiresAtMs: null } : undefined),
  });

describe("the published test suite", () => {
  const key = { id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
  const verifier = verifierOf("service", key, "2015-08-30T12:36:00Z");
  test.each(SUITE)("$name", ({ method = "GET", path = "/", headers, body = "", signedHeaders, signature }) => {
    const claim = verifier.claim({
      method,
      url: `https://example.amazonaws.com${path}`,
      headers: new Headers({
        host: "example.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders ?? "host;x-amz-date"}, Signature=${signature}`,
        ...headers,
      }),
    });
    expect(() => claim.prove(sha256Hex(body))).not.toThrow();
    expect(() => claim.prove(sha256Hex(`${body}x`))).toThrow("does not match");
  });
});

describe("the worked examples of Amazon S3", () => {
  const key = { id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
  const verifier = verifierOf("s3", key, "2013-05-24T00:00:00Z");
  const NOTHING = sha256Hex("");
  const HOST = "examplebucket.s3.amazonaws.com";
  const claimOf = (input: {
    method: string;
    path: string;
    hash: string;
    signed: string;
    signature: string;
    headers?: Record<string, string>;
    host?: string;
  }) =>
    verifier.claim({
      method: input.method,
      url: `https://${input.host ?? HOST}${input.path}`,
      headers: new Headers({
        host: input.host ?? HOST,
        "x-amz-date": "20130524T000000Z",
        "x-amz-content-sha256": input.hash,
        authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${input.signed},Signature=${input.signature}`,
        ...input.headers,
      }),
    });

  test.each([
    {
      name: "GET Object",
      method: "GET",
      path: "/test.txt",
      hash: NOTHING,
      headers: { range: "bytes=0-9" },
      signed: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    {
      name: "PUT Object",
      method: "PUT",
      path: "/test$file.text",
      hash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    {
      name: "GET Bucket Lifecycle",
      method: "GET",
      path: "/?lifecycle",
      hash: NOTHING,
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    {
      name: "GET Bucket (List Objects)",
      method: "GET",
      path: "/?max-keys=2&prefix=J",
      hash: NOTHING,
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  ])("$name", (input) => {
    const claim = claimOf(input);
    expect(() => claim.prove(input.hash)).not.toThrow();
    expect(() => claim.prove(sha256Hex("other"))).toThrow("does not match");
  });

  test("a presigned GET", () => {
    const claim = verifier.claim({
      method: "GET",
      url: `https://${HOST}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${key.id}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
      headers: new Headers({ host: HOST }),
    });
    expect(() => claim.prove("UNSIGNED-PAYLOAD")).not.toThrow();
    expect(() => claim.prove(NOTHING)).toThrow("does not match");
  });

  test("a body in signed chunks", () => {
    const hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const claim = claimOf({
      method: "PUT",
      path: "/examplebucket/chunkObject.txt",
      host: "s3.amazonaws.com",
      hash,
      headers: {
        "content-encoding": "aws-chunked",
        "content-length": "66824",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      signed:
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
      signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    });
    claim.prove(hash);
    const chain = new ChunkChain(claim.signingKey(), claim.signature);
    chain.chunk(sha256Hex("a".repeat(65536)), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
    expect(() =>
      chain.chunk(sha256Hex("b".repeat(1024)), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    ).toThrow("does not match");
    chain.chunk(sha256Hex("a".repeat(1024)), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
    expect(() => chain.chunk(sha256Hex(""), undefined)).toThrow("does not match");
    chain.chunk(sha256Hex(""), "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
  });
});
