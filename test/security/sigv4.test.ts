import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { readSignature, type SignedRequest } from "../../src/security/sigv4/signature.ts";
import { SignatureError, type SignatureFault } from "../../src/security/sigv4/signature-error.ts";
import { sha256Hex, Verifier } from "../../src/security/sigv4/verify.ts";
import { REGION } from "../support/app.ts";
import { type Signed, sign, type Unsigned } from "../support/sign.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const CREDENTIALS = { accessKeyId: "AKIATESTTESTTESTTEST", secretAccessKey: "a/secret+with=signs/in+it" };
const BODY = '{"name":"one"}';
const URL_OF_INVOKE = "http://127.0.0.1:4566/2015-03-31/functions/hello/invocations?Qualifier=prod";

const clock = new ManualClock(NOW_MS);
const verifierOf = (options: { expiresAtMs?: number; service?: string } = {}) =>
  new Verifier({
    region: REGION,
    service: options.service ?? "lambda",
    skewMs: 5 * MINUTE_MS,
    clock,
    findKey: (id) =>
      id === CREDENTIALS.accessKeyId
        ? { id, secret: CREDENTIALS.secretAccessKey, expiresAtMs: options.expiresAtMs ?? null }
        : undefined,
  });

const invoke = (change: Partial<Unsigned> = {}): Promise<Signed> =>
  sign(CREDENTIALS, { method: "POST", url: URL_OF_INVOKE, body: BODY, atMs: NOW_MS, ...change });

/** Undefined: it is proven. */
function faultOf(request: SignedRequest & { body?: Signed["body"] }, verifier = verifierOf()) {
  try {
    verifier.claim(request).prove(sha256Hex(request.body ?? ""));
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
}

const changed = (
  request: Signed,
  change: { headers?: Record<string, string | null>; method?: string; url?: string; body?: string },
): Signed => {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(change.headers ?? {}))
    value === null ? headers.delete(name) : headers.set(name, value);
  return { ...request, ...change, headers };
};

describe("a signed request", () => {
  test("is proven", async () => {
    expect(faultOf(await invoke())).toBeUndefined();
  });

  test("is proven with names, parameters and headers of all kinds", async () => {
    const text = fc.string({ unit: "binary", maxLength: 20 }).filter((each) => each.isWellFormed());
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: "grapheme-composite", minLength: 1, maxLength: 20 })
          .filter((each) => each.isWellFormed() && !/^\.*$/.test(each)),
        fc.array(fc.tuple(text.filter(Boolean), text), { maxLength: 4 }),
        fc.stringMatching(/^[ -~]{0,30}$/),
        async (name, pairs, value) => {
          const query = pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
          const url = `http://127.0.0.1:4566/2015-03-31/functions/${encodeURIComponent(name)}/invocations?${query}`;
          const signed = await invoke({ url, headers: { "x-amz-log-type": value } });
          expect(faultOf({ ...signed, url: url.replace(/\?$/, "") })).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  test("is proven when a proxy added headers of its own", async () => {
    const headers = { "x-forwarded-for": "192.0.2.1", via: "1.1 proxy", "user-agent": "other" };
    expect(faultOf(changed(await invoke(), { headers }))).toBeUndefined();
  });
});

describe("a request of which a signed part was changed is not proven:", () => {
  const flip = (hex: string): string => `${hex.slice(0, -1)}${hex.endsWith("0") ? "1" : "0"}`;
  const rows: { name: string; change: (request: Signed) => Signed; fault: SignatureFault }[] = [
    { name: "the body", change: (r) => changed(r, { body: '{"name":"two"}' }), fault: "mismatch" },
    { name: "no body any more", change: (r) => changed(r, { body: "" }), fault: "mismatch" },
    { name: "the method", change: (r) => changed(r, { method: "PUT" }), fault: "mismatch" },
    { name: "the path", change: (r) => changed(r, { url: r.url.replace("hello", "other") }), fault: "mismatch" },
    {
      name: "a parameter's value",
      change: (r) => changed(r, { url: r.url.replace("prod", "test") }),
      fault: "mismatch",
    },
    { name: "one more parameter", change: (r) => changed(r, { url: `${r.url}&x=1` }), fault: "mismatch" },
    {
      name: "one parameter less",
      change: (r) => changed(r, { url: r.url.replace("?Qualifier=prod", "") }),
      fault: "mismatch",
    },
    { name: "the host", change: (r) => changed(r, { headers: { host: "other.example" } }), fault: "mismatch" },
    {
      name: "a header's value",
      change: (r) => changed(r, { headers: { "x-amz-invocation-type": "Event" } }),
      fault: "mismatch",
    },
    {
      name: "a header that is gone",
      change: (r) => changed(r, { headers: { "x-amz-invocation-type": null } }),
      fault: "mismatch",
    },
    {
      name: "a header more, of those that say what to do",
      change: (r) => changed(r, { headers: { "x-amz-log-type": "Tail" } }),
      fault: "unsigned-header",
    },
    {
      name: "the date, a second later",
      change: (r) => changed(r, { headers: { "x-amz-date": "20260301T120001Z" } }),
      fault: "mismatch",
    },
    {
      name: "the signature, in one digit",
      change: (r) => changed(r, { headers: { authorization: flip(r.headers.get("authorization") ?? "") } }),
      fault: "mismatch",
    },
    {
      name: "the list of signed headers",
      change: (r) =>
        changed(r, {
          headers: { authorization: (r.headers.get("authorization") ?? "").replace("host;", "host;via;") },
        }),
      fault: "mismatch",
    },
    {
      name: "another key's name",
      change: (r) =>
        changed(r, {
          headers: { authorization: (r.headers.get("authorization") ?? "").replace("AKIATESTTEST", "AKIANOBODYHAS") },
        }),
      fault: "unknown-key",
    },
  ];
  test.each(rows)("$name", async ({ change, fault }) => {
    const request = await invoke({ headers: { "x-amz-invocation-type": "DryRun" } });
    expect(faultOf(request)).toBeUndefined();
    expect(faultOf(change(request))?.fault).toBe(fault);
  });

  test("a wrong secret", async () => {
    const request = await sign({ ...CREDENTIALS, secretAccessKey: "guessed" }, { url: URL_OF_INVOKE, atMs: NOW_MS });
    expect(faultOf(request)?.message).toStartWith("The request signature we calculated does not match");
  });

  test("another region, another service", async () => {
    expect(faultOf(await invoke({ region: "eu-west-1" }))?.message).toContain("not 'eu-west-1'");
    expect(faultOf(await invoke({ service: "s3" }))?.message).toBe(
      "Credential should be scoped to correct service: 'lambda'.",
    );
  });

  test("a session token that no key of ours has", async () => {
    expect(faultOf(await invoke({ sessionToken: "made up" }))?.fault).toBe("unknown-key");
  });
});

describe("the time of a signature", () => {
  test.each([
    { name: "just now", agoMs: 0 },
    { name: "five minutes ago", agoMs: 5 * MINUTE_MS },
    { name: "five minutes ahead", agoMs: -5 * MINUTE_MS },
    {
      name: "longer ago",
      agoMs: 5 * MINUTE_MS + 1000,
      says: "Signature expired: 20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)",
    },
    {
      name: "further ahead",
      agoMs: -(5 * MINUTE_MS + 1000),
      says: "Signature not yet current: 20260301T120501Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)",
    },
    {
      name: "the day before",
      agoMs: DAY_MS,
      says: "Signature expired: 20260228T120000Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)",
    },
  ])("$name", async ({ agoMs, says }) => {
    expect(faultOf(await invoke({ atMs: NOW_MS - agoMs }))?.message).toBe(says as string);
  });

  test("cannot be renewed without the secret", async () => {
    const old = await invoke({ atMs: NOW_MS - DAY_MS });
    expect(faultOf(changed(old, { headers: { "x-amz-date": "20260301T120000Z" } }))?.fault).toBe("scope");
  });

  test("may be in a Date header", async () => {
    const authorization =
      "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST/20260301/us-east-1/lambda/aws4_request, SignedHeaders=date;host, Signature=";
    const headers = new Headers({
      host: "h",
      date: "Sun, 01 Mar 2026 12:00:00 GMT",
      authorization: authorization + "0".repeat(64),
    });
    expect(readSignature({ method: "GET", url: "http://h/", headers })).toMatchObject({
      signedAtMs: NOW_MS,
      amzDate: "20260301T120000Z",
    });
  });
});

describe("a presigned request", () => {
  const presigned = (seconds: number, atMs = NOW_MS) =>
    sign(CREDENTIALS, {
      url: "http://127.0.0.1:4566/2015-03-31/functions?MaxItems=5",
      atMs,
      presignedSeconds: seconds,
    });

  test("is proven for as long as it says", async () => {
    expect(faultOf(await presigned(60))).toBeUndefined();
    expect(faultOf(await presigned(3600, NOW_MS - 3600_000))).toBeUndefined();
    expect(faultOf(await presigned(3600, NOW_MS - 3601_000))?.fault).toBe("presigned-over");
  });

  test("is good for a week at most", async () => {
    expect(faultOf(await presigned(604_800))).toBeUndefined();
    expect(faultOf(await presigned(604_801))?.fault).toBe("incomplete");
  });

  test.each(["MaxItems=5", "X-Amz-Expires=60", "X-Amz-Date=20260301T120000Z", "X-Amz-SignedHeaders=host"])(
    "is not proven with another %s",
    async (part) => {
      const request = await presigned(60);
      const url = request.url.replace(part, part.replace(/(\d|t)$/, "7").replace("00Z", "01Z"));
      expect(url).not.toBe(request.url);
      expect(["mismatch", "incomplete"]).toContain(faultOf({ ...request, url })?.fault as string);
    },
  );
});

describe("a key that is over", () => {
  test("says so to who has its secret, and only then", async () => {
    const verifier = verifierOf({ expiresAtMs: NOW_MS });
    expect(faultOf(await invoke(), verifier)?.fault).toBe("expired-key");
    expect(faultOf(changed(await invoke(), { body: "other" }), verifier)?.fault).toBe("mismatch");
    expect(faultOf(await invoke(), verifierOf({ expiresAtMs: NOW_MS + 1 }))).toBeUndefined();
  });
});

describe("a request without a whole signature", () => {
  const head = (authorization: string, more: Record<string, string> = {}): SignedRequest => ({
    method: "GET",
    url: "http://h/",
    headers: new Headers({ host: "h", "x-amz-date": "20260301T120000Z", authorization, ...more }),
  });
  const CREDENTIAL = "Credential=AKIATESTTESTTESTTEST/20260301/us-east-1/lambda/aws4_request";
  const SIGNATURE = `Signature=${"0".repeat(64)}`;

  test("has no identity at all", () => {
    const bare = { method: "GET", url: "http://h/?X-Amz-Nothing=1", headers: new Headers({ host: "h" }) };
    expect(faultOf(bare)).toMatchObject({ fault: "missing", message: "Missing Authentication Token" });
  });

  test.each([
    ["Basic dXNlcjpwYXNz", "has to begin with AWS4-HMAC-SHA256"],
    ["AWS4-HMAC-SHA256", "missing equal-sign"],
    [
      `AWS4-HMAC-SHA256 ${CREDENTIAL}`,
      "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    ],
    [`AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=abc`, "64 digits"],
    [`AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, ${SIGNATURE}`, "exactly 5 slash-delimited elements"],
    [`AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=x-amz-date, ${SIGNATURE}`, "'Host' must be a 'SignedHeader'"],
    [`AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=Host, ${SIGNATURE}`, "lower case"],
  ])("%s", (authorization, says) => {
    expect(faultOf(head(authorization))).toMatchObject({ fault: "incomplete" });
    expect(faultOf(head(authorization))?.message).toContain(says);
  });

  test("has a date that is none", () => {
    const request = head(`AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host, ${SIGNATURE}`, {
      "x-amz-date": "20261399T000000Z",
    });
    expect(faultOf(request)?.message).toContain("ISO-8601");
  });

  test("of any text is refused, and never breaks the reader", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "AWS4-HMAC-SHA256 ",
        "Credential=",
        "SignedHeaders=",
        "Signature=",
        ", ",
        "=",
        ";",
        "/",
        "host",
        "aws4_request",
        CREDENTIAL,
        SIGNATURE,
      ),
      fc.stringMatching(/^[ -~]{0,12}$/),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 6 }), (header, query) => {
        const url = `http://h/${query.length > 0 ? `?X-Amz-Signature=${encodeURIComponent(query.join(""))}&X-Amz-Credential=${query.join("")}` : ""}`;
        const headers = new Headers({ host: "h", "x-amz-date": "20260301T120000Z" });
        if (header.length > 0) headers.set("authorization", header.join(""));
        expect(faultOf({ method: "GET", url, headers })).toBeInstanceOf(SignatureError);
      }),
      { numRuns: 3000 },
    );
  });
});
