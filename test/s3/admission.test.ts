/** The S3 door with keys: signatures in headers, in the query and in chunks, and what policies let through. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { makeAdmission } from "../../src/s3/admission.ts";
import type { S3Event } from "../../src/s3/door.ts";
import type { AccessKey } from "../../src/security/keys/access-key.ts";
import { decide } from "../../src/security/policy/decide.ts";
import { parseIdentityPolicy } from "../../src/security/policy/parse.ts";
import { rolePolicy } from "../../src/security/policy/roles.ts";
import { hmac, scopeOf, sha256Hex, signingKeyOf } from "../../src/security/sigv4/verify.ts";
import { ACCOUNT } from "../support/app.ts";
import { sign, type Unsigned } from "../support/sign.ts";
import { type DoorFixture, openDoor } from "./door-fixture.ts";

const CREDENTIALS = { accessKeyId: "AKIATESTTESTTESTTEST", secretAccessKey: "a/secret" };
const ORIGIN = "http://127.0.0.1:4566";

let door: DoorFixture;
let key: AccessKey;
let waitMs: number;
let events: S3Event[];
beforeEach(async () => {
  waitMs = 0;
  events = [];
  key = keyWith(rolePolicy("admin"));
  const admit = makeAdmission({
    region: "us-east-1",
    clock: { ...systemClock, nowMs: () => door.nowMs },
    findKey: (id) => (id === key.id ? key : undefined),
    take: () => waitMs,
    async refusal({ key: { policies, principal } }, { action, resource }) {
      const decision = decide(
        { action, resource, principal, context: () => undefined },
        { identity: policies, resource: undefined },
      );
      return decision.allowed ? undefined : `not allowed: ${action} on ${resource}`;
    },
  });
  door = await openDoor({ admit, note: (event) => events.push(event) });
});
afterEach(() => door.close());

const keyWith = (policy: AccessKey["policies"][number]): AccessKey => ({
  id: CREDENTIALS.accessKeyId,
  secret: CREDENTIALS.secretAccessKey,
  expiresAtMs: null,
  name: "ann",
  principal: { kind: "user", arn: `arn:aws:iam::${ACCOUNT}:user/ann`, accountId: ACCOUNT },
  policies: [policy],
  rate: null,
});

/** Signed with the body's digest, as clients do it over plain HTTP. */
async function ask(
  method: string,
  path: string,
  change: Partial<Unsigned> & { sends?: string; credentials?: typeof CREDENTIALS } = {},
) {
  const { body = "", sends, credentials = CREDENTIALS, headers, ...rest } = change;
  const hash = { "x-amz-content-sha256": sha256Hex(body) };
  const signed = await sign(credentials, {
    method,
    url: `${ORIGIN}${path}`,
    service: "s3",
    atMs: door.nowMs,
    headers: rest.presignedSeconds === undefined ? { ...hash, ...headers } : { ...headers },
    ...rest,
  });
  const sent = sends ?? (body as string);
  const response = await door.ask(method, signed.url.slice(ORIGIN.length), {
    headers: Object.fromEntries(signed.headers),
    ...(method !== "GET" && method !== "HEAD" && { body: sent }),
  });
  const text = await response.text();
  return { status: response.status, text, code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] };
}

describe("a signed request to the S3 door", () => {
  test("is served, with keys of all kinds", async () => {
    expect((await ask("PUT", "/photos")).status).toBe(200);
    for (const name of ["a.txt", "a%20b/%C3%A9%2B%3D.txt", "x/y/z!%27()*.txt"]) {
      expect((await ask("PUT", `/photos/${name}`, { body: "hello" })).status).toBe(200);
      expect(await ask("GET", `/photos/${name}`)).toMatchObject({ status: 200, text: "hello" });
    }
    expect((await ask("GET", "/photos?list-type=2&prefix=x%2F&max-keys=1")).text).toContain(
      "<Key>x/y/z!'()*.txt</Key>",
    );
  });

  test.each<[string, string, Parameters<typeof ask>[2], () => void]>([
    ["SignatureDoesNotMatch", "403", { credentials: { ...CREDENTIALS, secretAccessKey: "guessed" } }, () => undefined],
    [
      "InvalidAccessKeyId",
      "403",
      { credentials: { ...CREDENTIALS, accessKeyId: "AKIANOBODYNOBODYNOBO" } },
      () => undefined,
    ],
    ["AuthorizationHeaderMalformed", "400", { region: "eu-west-1" }, () => undefined],
    ["InvalidAccessKeyId", "403", { sessionToken: "made up" }, () => undefined],
    [
      "SlowDown",
      "503",
      {},
      () => {
        waitMs = 5;
      },
    ],
    [
      "ExpiredToken",
      "400",
      {},
      () => {
        key = { ...key, expiresAtMs: door.nowMs };
      },
    ],
  ])("is refused with %s (%s) for %j", async (code, status, change, before) => {
    before();
    expect(await ask("GET", "/", change)).toMatchObject({ code, status: Number(status) });
  });

  test("may be a quarter of an hour old, and no older", async () => {
    const at = (minutes: number) => ask("GET", "/", { atMs: door.nowMs - minutes * 60_000 });
    expect((await at(15)).status).toBe(200);
    expect((await at(16)).code).toBe("RequestTimeTooSkewed");
    expect((await at(-16)).code).toBe("RequestTimeTooSkewed");
  });

  test("without one is AccessDenied", async () => {
    const response = await door.ask("GET", "/");
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining("<Code>AccessDenied</Code>"),
    ]);
  });

  test("says what its body is, which has to be that", async () => {
    await ask("PUT", "/photos");
    expect(await ask("PUT", "/photos/a", { body: "signed", sends: "forged" })).toMatchObject({
      code: "XAmzContentSHA256Mismatch",
    });
    expect((await ask("GET", "/photos/a")).status).toBe(404);
    expect(
      await ask("PUT", "/photos/a", {
        body: "",
        sends: "any",
        headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      }),
    ).toMatchObject({ status: 200 });
    expect((await ask("PUT", "/photos/a", { headers: { "x-amz-content-sha256": "nothing" } })).code).toBe(
      "InvalidArgument",
    );
  });
});

describe("a presigned address", () => {
  test("is good for as long as it says, for what it says", async () => {
    await ask("PUT", "/photos");
    await ask("PUT", "/photos/a", { body: "hello" });
    const signed = await sign(CREDENTIALS, {
      url: `${ORIGIN}/photos/a`,
      service: "s3",
      atMs: door.nowMs,
      presignedSeconds: 60,
    });
    const headers = { host: new URL(ORIGIN).host };
    const get = async (url: string) => (await door.ask("GET", url.slice(ORIGIN.length), { headers })).status;
    expect(await get(signed.url)).toBe(200);
    expect(await get(signed.url.replace("/photos/a", "/photos/b"))).toBe(403);
    expect((await door.ask("DELETE", signed.url.slice(ORIGIN.length), { headers })).status).toBe(403);
    door.nowMs += 61_000;
    const late = await door.ask("GET", signed.url.slice(ORIGIN.length), { headers });
    expect([late.status, await late.text()]).toEqual([403, expect.stringContaining("Request has expired")]);
  });
});

describe("a body in signed chunks", () => {
  const CHUNKS = ["a".repeat(10_000), "b".repeat(500)];

  async function put(input: { trailer?: string; change?: (body: string) => string } = {}) {
    const { trailer, change = (body) => body } = input;
    const mode = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === undefined ? "" : "-TRAILER"}`;
    const decoded = CHUNKS.join("").length;
    const signed = await sign(CREDENTIALS, {
      method: "PUT",
      url: `${ORIGIN}/photos/chunked`,
      service: "s3",
      atMs: door.nowMs,
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": mode,
        "x-amz-decoded-content-length": String(decoded),
        ...(trailer !== undefined && { "x-amz-trailer": trailer.split(":")[0] ?? "" }),
      },
    });
    const date = signed.headers.get("x-amz-date") ?? "";
    const scope = { date: date.slice(0, 8), region: "us-east-1", service: "s3" };
    const signingKey = signingKeyOf(CREDENTIALS.secretAccessKey, scope);
    let previous = /Signature=(\w+)/.exec(signed.headers.get("authorization") ?? "")?.[1] ?? "";
    const next = (kind: string, rest: string): string => {
      previous = hmac(
        signingKey,
        `AWS4-HMAC-SHA256-${kind}\n${date}\n${scopeOf(scope)}\n${previous}\n${rest}`,
      ).toString("hex");
      return previous;
    };
    const framed = [...CHUNKS, ""].map((chunk) => {
      const signature = next("PAYLOAD", `${sha256Hex("")}\n${sha256Hex(chunk)}`);
      return `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${chunk}${chunk === "" ? "" : "\r\n"}`;
    });
    const end =
      trailer === undefined
        ? "\r\n"
        : `${trailer}\r\nx-amz-trailer-signature:${next("TRAILER", sha256Hex(`${trailer}\n`))}\r\n\r\n`;
    const response = await door.ask("PUT", "/photos/chunked", {
      headers: Object.fromEntries(signed.headers),
      body: change(framed.join("") + end),
    });
    return { status: response.status, code: /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] };
  }
  beforeEach(async () => {
    await ask("PUT", "/photos");
  });
  const stored = () => ask("GET", "/photos/chunked");

  test("is taken", async () => {
    expect(await put()).toEqual({ status: 200, code: undefined });
    expect((await stored()).text).toBe(CHUNKS.join(""));
  });

  test("is taken with a signed trailer", async () => {
    const checksum = new Bun.CryptoHasher("sha256").update(CHUNKS.join("")).digest("base64");
    expect(await put({ trailer: `x-amz-checksum-sha256:${checksum}` })).toEqual({ status: 200, code: undefined });
  });

  test.each<[string, (body: string) => string, string?]>([
    ["a byte of a chunk", (body) => body.replace("ab", "aB").replace("aaaa", "aaab")],
    [
      "a chunk's signature",
      (body) =>
        body.replace(/chunk-signature=./, "chunk-signature=0").replace(/chunk-signature=0(.)/, "chunk-signature=00"),
    ],
    [
      "chunks in another order",
      (body) => body.replace(/^([\s\S]*?\r\n[\s\S]*?\r\n)([\s\S]*?\r\n[\s\S]*?\r\n)/, "$2$1"),
    ],
    ["no signatures", (body) => body.replace(/;chunk-signature=\w+/g, "")],
    ["no signature of the last chunk", (body) => body.replace(/0;chunk-signature=\w+/, "0")],
    ["a trailer that is not signed", (body) => body.replace(/\r\n$/, "x-amz-checksum-crc32:AAAAAA==\r\n\r\n")],
  ])("with %s is refused, and nothing is stored", async (_, change) => {
    expect(await put({ change })).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    expect((await stored()).status).toBe(404);
  });

  test("with another trailer than the signed one is refused", async () => {
    const change = (body: string) => body.replace(/x-amz-checksum-sha256:./, "x-amz-checksum-sha256:9");
    expect(await put({ trailer: "x-amz-checksum-sha256:AAAA", change })).toMatchObject({
      code: "SignatureDoesNotMatch",
    });
  });
});

describe("policies at the S3 door", () => {
  const only = (...statements: object[]) =>
    keyWith(parseIdentityPolicy({ Version: "2012-10-17", Statement: statements }));
  const allow = (Action: string | string[], Resource: string) => ({ Effect: "Allow", Action, Resource });
  beforeEach(async () => {
    await ask("PUT", "/photos");
    await ask("PUT", "/photos/mine/a", { body: "a" });
    await ask("PUT", "/photos/theirs/b", { body: "b" });
  });

  test("let through what they allow, and nothing else", async () => {
    key = only(allow("s3:*Object", "arn:aws:s3:::photos/mine/*"));
    expect((await ask("GET", "/photos/mine/a")).status).toBe(200);
    expect((await ask("PUT", "/photos/mine/c", { body: "c" })).status).toBe(200);
    expect(await ask("GET", "/photos/theirs/b")).toMatchObject({ status: 403, code: "AccessDenied" });
    expect((await ask("GET", "/photos/theirs/b")).text).toContain(
      "not allowed: s3:GetObject on arn:aws:s3:::photos/theirs/b",
    );
    expect((await ask("GET", "/photos?list-type=2")).code).toBe("AccessDenied");
    expect((await ask("GET", "/")).code).toBe("AccessDenied");
    expect((await ask("DELETE", "/photos")).code).toBe("AccessDenied");
  });

  test("are asked for the source of a copy as well", async () => {
    key = only(allow("s3:*", "arn:aws:s3:::photos/mine/*"));
    const copy = (source: string) => ask("PUT", "/photos/mine/copy", { headers: { "x-amz-copy-source": source } });
    expect((await copy("/photos/mine/a")).status).toBe(200);
    expect((await copy("/photos/theirs/b")).code).toBe("AccessDenied");
  });

  test("are asked for each key that is to be deleted, before any is", async () => {
    key = only(allow("s3:*", "arn:aws:s3:::photos/*"), {
      Effect: "Deny",
      Action: "s3:DeleteObject",
      Resource: "arn:aws:s3:::photos/theirs/*",
    });
    const body = "<Delete><Object><Key>mine/a</Key></Object><Object><Key>theirs/b</Key></Object></Delete>";
    expect((await ask("POST", "/photos?delete", { body })).code).toBe("AccessDenied");
    expect((await ask("GET", "/photos/mine/a")).status).toBe(200);
    expect(
      (await ask("POST", "/photos?delete", { body: body.replace(/<Object><Key>theirs.*?<\/Object>/, "") })).status,
    ).toBe(200);
  });
});

describe("what the door tells of", () => {
  test("is every change and every refusal, and no reading", async () => {
    await ask("PUT", "/photos");
    await ask("PUT", "/photos/a", { body: "a" });
    await ask("GET", "/photos/a");
    await ask("GET", "/photos/a", { credentials: { ...CREDENTIALS, secretAccessKey: "guessed" } });
    await ask("DELETE", "/photos");
    expect(events.map(({ action, outcome, refused, key: by }) => [action, outcome, refused, by?.name])).toEqual([
      ["s3:CreateBucket", "ok", false, "ann"],
      ["s3:PutObject", "ok", false, "ann"],
      ["s3:GetObject", "SignatureDoesNotMatch", true, undefined],
      ["s3:DeleteBucket", "BucketNotEmpty", false, "ann"],
    ]);
  });
});
