/** Requests that no decent client sends: each gets AWS's error, and nothing of it is left behind. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { deflateRawSync } from "node:zlib";
import { ERROR_CODES } from "../../src/errors/codes.ts";
import { OPERATIONS, type OperationRow } from "../../src/shapes/operations.ts";
import { type Answer, createFrom, createInput, invoke, listAll, ROLE, request } from "../support/lambda-http.ts";
import { packageFiles, type RunningServer, startServer, unpackedTrees } from "../support/server.ts";
import { type RawEntry, rawZip, zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000); // a busy machine may be slow; what has to be quick says so itself

const FUNCTIONS = "/2015-03-31/functions";
/** The only functions of this server; every refused request leaves them as they are. */
const WITNESS = "witness";
const MEASURES = "measures";

let server: RunningServer;
let before: Awaited<ReturnType<typeof state>>;
let good: Uint8Array;

/** All that a request could leave behind. */
async function state() {
  const { body: configuration } = await configurationOf(WITNESS);
  return {
    functions: await listAll(server.url),
    files: await packageFiles(server.dataDirectory),
    trees: await unpackedTrees(server.dataDirectory),
    configuration,
  };
}

async function configurationOf(name: string) {
  const answer = await request(server.url, "GET", `${FUNCTIONS}/${name}/configuration`);
  return { status: answer.status, body: answer.json() };
}

beforeAll(async () => {
  server = await startServer();
  good = await zipOf({ "index.js": "exports.handler = async () => 'well';" });
  await createFrom(server.url, WITNESS, "exports.handler = async (event) => ({ well: true, event });");
  await createFrom(server.url, MEASURES, "exports.handler = async (event) => event.length;", {
    MemorySize: 1024,
    Timeout: 20,
  });
  for (const name of [WITNESS, MEASURES]) await invoke(server.url, name, "");
  before = await state();
});
afterAll(() => server.stop());

interface Refusal {
  status: number;
  errorType: string;
  message: string | RegExp;
}

/** That the answer is this error, in the form that its code has, and that nothing has changed. */
async function expectRefusal(answer: Answer, { status, errorType, message }: Refusal): Promise<void> {
  expect([answer.status, answer.headers.get("x-amzn-errortype")]).toEqual([status, errorType]);
  expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get("content-type")).toBe("application/json");
  const row: { key: string; fault?: string } = ERROR_CODES[errorType as keyof typeof ERROR_CODES];
  const { [row.key]: text, Type, ...rest } = answer.json();
  expect([Type, rest]).toEqual([row.fault, {}]);
  if (typeof message === "string") expect(text).toBe(message);
  else expect(text).toMatch(message);
  expect(await state()).toEqual(before);
}

const post = (body: RequestInit["body"], path = FUNCTIONS): Promise<Answer> =>
  request(server.url, "POST", path, { body });

/** CreateFunction of a function that is never made. */
const creates = (rest: Record<string, unknown>): Promise<Answer> =>
  post(JSON.stringify(createInput("never-made", good, rest)));

const HANDLER = "exports.handler = async () => 1;";
const LINK = 0o120777;
const file = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({ name, content: HANDLER, ...more });
const link = (name: string, target: string): RawEntry => ({ name, content: target, mode: LINK });
const MIB = 1024 * 1024;

describe("a deployment package is refused, on create and on update, that", () => {
  const CANNOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again.";
  const bad = (message: string | RegExp): Refusal => ({
    status: 400,
    errorType: "InvalidParameterValueException",
    message,
  });
  const zeros = deflateRawSync(new Uint8Array(200 * MIB), { level: 9 });
  const bomb = (bytes: number): RawEntry => ({ name: "index.js", compressed: zeros, bytes, crc: 0, method: 8 });

  test.each<{ name: string; zip: () => Uint8Array; refusal: Refusal }>([
    { name: "is empty", zip: () => new Uint8Array(), refusal: bad(/./) },
    { name: "is text", zip: () => Buffer.from("exports.handler = async () => 1;"), refusal: bad(CANNOT_UNZIP) },
    { name: "is another kind of archive", zip: () => Bun.gzipSync(new Uint8Array(good)), refusal: bad(CANNOT_UNZIP) },
    { name: "was cut short", zip: () => good.slice(0, -30), refusal: bad(CANNOT_UNZIP) },
    { name: "lost its beginning", zip: () => good.slice(30), refusal: bad(/^Could not unzip uploaded file/) },
    { name: "holds nothing", zip: () => rawZip([]), refusal: bad("Uploaded file must be a non-empty zip") },
    {
      name: "holds only folders",
      zip: () => rawZip([{ name: "a/" }]),
      refusal: bad("Uploaded file must be a non-empty zip"),
    },
    {
      name: "climbs out of its folder",
      zip: () => rawZip([file("index.js"), file("../../escaped.js")]),
      refusal: bad(/^Could not unzip uploaded file: the entry "\.\.\/\.\.\/escaped\.js" /),
    },
    {
      name: "climbs out from within",
      zip: () => rawZip([file("index.js"), file("a/../../escaped.js")]),
      refusal: bad(/^Could not unzip uploaded file: the entry /),
    },
    {
      name: "has an absolute path",
      zip: () => rawZip([file("index.js"), file("/tmp/lambent-escaped.js")]),
      refusal: bad(/^Could not unzip uploaded file: the entry "\/tmp\/lambent-escaped\.js" /),
    },
    {
      name: "has a path of another system",
      zip: () => rawZip([file("index.js"), file("..\\escaped.js")]),
      refusal: bad(/^Could not unzip uploaded file: the entry /),
    },
    {
      name: "links out of its folder",
      zip: () => rawZip([file("index.js"), link("passwd", "../../../../../etc/passwd")]),
      refusal: bad(/^Could not unzip uploaded file: the entry "passwd" /),
    },
    {
      name: "links to an absolute path",
      zip: () => rawZip([file("index.js"), link("etc", "/etc")]),
      refusal: bad(/^Could not unzip uploaded file: the entry "etc" /),
    },
    {
      name: "writes through a link of its own",
      zip: () => rawZip([file("index.js"), link("out", "../.."), file("out/escaped.js")]),
      refusal: bad(/^Could not unzip uploaded file/),
    },
    {
      name: "has the same file twice",
      zip: () => rawZip([file("index.js"), file("index.js")]),
      refusal: bad(/^Could not unzip uploaded file: the entry "index\.js" /),
    },
    {
      name: "has a damaged file",
      zip: () => rawZip([file("index.js", { crc: 1 })]),
      refusal: bad(/^Could not unzip uploaded file: the entry "index\.js" /),
    },
    {
      name: "is encrypted",
      zip: () => rawZip([file("index.js", { flags: 1 })]),
      refusal: bad(/^Could not unzip uploaded file/),
    },
    {
      name: "is over 250 MiB unpacked",
      zip: () => rawZip([bomb(200 * MIB), { ...bomb(200 * MIB), name: "more.bin" }]),
      refusal: bad("Unzipped size must be smaller than 262144000 bytes"),
    },
    {
      name: "claims to be small and is not",
      zip: () => rawZip([bomb(1000)]),
      refusal: bad(/^Could not unzip uploaded file: the entry "index\.js" is damaged/),
    },
    {
      name: "claims to be far larger than anything",
      zip: () => rawZip([bomb(0xfffffffe)]),
      refusal: bad("Unzipped size must be smaller than 262144000 bytes"),
    },
    {
      name: "uses the same bytes many times",
      zip: () =>
        rawZip([bomb(200 * MIB), ...[1, 2, 3].map((n) => ({ ...bomb(1 * MIB), name: `b${n}`, sharesHeaderOf: 0 }))]),
      refusal: bad(/./),
    },
  ])("$name", async ({ zip, refusal }) => {
    const ZipFile = Buffer.from(zip()).toString("base64");
    await expectRefusal(await creates({ Code: { ZipFile } }), refusal);
    const update = { body: JSON.stringify({ ZipFile }) };
    await expectRefusal(await request(server.url, "PUT", `${FUNCTIONS}/${WITNESS}/code`, update), refusal);
  });

  test("is over 50 MiB as it came", async () => {
    const zip = rawZip([file("index.js"), { name: "big.bin", content: new Uint8Array(50 * MIB), method: 0 }]);
    await expectRefusal(await creates({ Code: { ZipFile: Buffer.from(zip).toString("base64") } }), {
      status: 413,
      errorType: "RequestEntityTooLargeException",
      message: "Zipped size must be smaller than 52428800 bytes",
    });
  });

  test("is no base64", async () => {
    const answer = await creates({ Code: { ZipFile: "not base64!" } });
    await expectRefusal(answer, { status: 400, errorType: "SerializationException", message: /./ });
  });
});

describe("a body is refused that", () => {
  test.each<{ name: string; body: string | Uint8Array; errorType: string; message: RegExp }>([
    {
      name: "is broken JSON",
      body: '{"FunctionName": "never-made",',
      errorType: "InvalidRequestContentException",
      message: /^Could not parse request body into json: /,
    },
    {
      name: "is text",
      body: "FunctionName=never-made",
      errorType: "InvalidRequestContentException",
      message: /^Could not parse request body into json: /,
    },
    {
      name: "is not UTF-8",
      body: new Uint8Array([...Buffer.from('{"FunctionName": "'), 0xff, 0xfe, ...Buffer.from('"}')]),
      errorType: "InvalidRequestContentException",
      message: /^Could not parse request body into json: /,
    },
    { name: "is a list", body: "[]", errorType: "SerializationException", message: /./ },
    { name: "is a string", body: '"never-made"', errorType: "SerializationException", message: /./ },
    { name: "is null", body: "null", errorType: "SerializationException", message: /./ },
    { name: "is a number", body: "1", errorType: "SerializationException", message: /./ },
    {
      name: "has a list where a structure belongs",
      body: JSON.stringify({ ...createInput("never-made", new Uint8Array()), Code: [] }),
      errorType: "SerializationException",
      message: /./,
    },
    {
      name: "has a text where a number belongs",
      body: JSON.stringify({ ...createInput("never-made", new Uint8Array()), Timeout: "3" }),
      errorType: "SerializationException",
      message: /./,
    },
    {
      name: "has nothing in it",
      body: "{}",
      errorType: "ValidationException",
      message:
        /^\d validation errors detected: Value null at '\w+' failed to satisfy constraint: Member must not be null; /,
    },
    { name: "is not there", body: "", errorType: "ValidationException", message: /^\d validation errors detected: / },
    {
      name: "nests thousands of lists",
      body: `{"FunctionName": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      errorType: "SerializationException",
      message: /./,
    },
  ])("$name", async ({ body, errorType, message }) => {
    await expectRefusal(await post(body), { status: 400, errorType, message });
  });

  test("reaches for the prototype, which changes nothing", async () => {
    const answer = await post('{"__proto__": {"FunctionName": "never-made"}, "constructor": {"prototype": {"x": 1}}}');
    await expectRefusal(answer, { status: 400, errorType: "ValidationException", message: /functionName/ });
  });
});

describe("an invocation is refused whose payload", () => {
  const source = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
  const words = "Could not parse request body into json: Could not parse payload into json: ";
  test.each<{ name: string; body: string | Uint8Array; message: string | RegExp }>([
    {
      name: "is not UTF-8, in AWS's very words",
      body: new Uint8Array([0x22, 0x61, 0x87, 0x22]),
      message: `${words}Invalid UTF-8 start byte 0x87\n at ${source}; line: 1, column: 3]`,
    },
    { name: "is no JSON", body: "hello", message: /Could not parse payload into json: Unrecognized token 'hello'/ },
    {
      name: "ends too early",
      body: '{"a": [1, 2',
      message: /Could not parse payload into json: Unexpected end-of-input/,
    },
    { name: "goes on after its end", body: '{"a": 1} {"b": 2}', message: /Could not parse payload into json: / },
    { name: "is JSON with a comma too many", body: '{"a": 1,}', message: /Could not parse payload into json: / },
  ])("$name", async ({ body, message }) => {
    const answer = await post(body, `${FUNCTIONS}/${WITNESS}/invocations`);
    await expectRefusal(answer, { status: 400, errorType: "InvalidRequestContentException", message });
    expect((await invoke(server.url, WITNESS, { a: 1 })).value()).toEqual({ well: true, event: { a: 1 } });
  });
});

describe("a name is refused", () => {
  const invalid = "InvalidParameterValueException";
  const arn = (text: string) => `arn:aws:lambda:${text}`;
  test.each<{ name: string; of: string; status?: number; errorType: string; message: RegExp; inPath?: string }>([
    {
      name: "with a space",
      of: "a b",
      errorType: "ValidationException",
      message:
        /^1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
    },
    { name: "with a slash", of: "a/b", errorType: "ValidationException", message: /'a\/b' at 'functionName'/ },
    {
      name: "that climbs",
      of: "../../etc",
      errorType: "ValidationException",
      message: /'\.\.\/\.\.\/etc' at 'functionName'/,
    },
    { name: "with a NUL", of: "a\0b", errorType: "ValidationException", message: /at 'functionName'/ },
    {
      name: "in another script",
      of: "función",
      errorType: "ValidationException",
      message: /'función' at 'functionName'/,
    },
    {
      name: "of 65 characters",
      of: "n".repeat(65),
      errorType: invalid,
      message:
        /^1 validation error detected: Value 'n{65}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64$/,
    },
    {
      name: "of 141 characters",
      of: "n".repeat(141),
      errorType: "ValidationException",
      message: /length less than or equal to 140/,
      inPath: invalid,
    },
    {
      name: "of ten thousand characters",
      of: "n".repeat(10_000),
      errorType: "ValidationException",
      message: /functionName/,
    },
    {
      name: "in another region",
      of: arn("eu-west-1:000000000000:function:x"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: /^Functions from 'eu-west-1' are not reachable in this region \('us-east-1'\)$/,
    },
    {
      name: "in another account",
      of: arn("us-east-1:123456789012:function:x"),
      status: 403,
      errorType: "AccessDeniedException",
      message: /123456789012/,
    },
    {
      name: "of another service",
      of: "arn:aws:s3:::bucket",
      errorType: "ValidationException",
      message: /at 'functionName'/,
    },
    {
      name: "with a broken account",
      of: arn("us-east-1:12345:function:x"),
      errorType: "ValidationException",
      message: /at 'functionName'/,
    },
    { name: "with two qualifiers", of: "x:1:2", errorType: "ValidationException", message: /at 'functionName'/ },
  ])("$name, in a body and in a path", async ({ of, status = 400, errorType, message, inPath = errorType }) => {
    await expectRefusal(await creates({ FunctionName: of }), { status, errorType, message });
    const got = await request(server.url, "GET", `${FUNCTIONS}/${encodeURIComponent(of)}/configuration`);
    expect([got.status, got.headers.get("x-amzn-errortype")]).toEqual([status, inPath]);
  });

  test.each([
    { name: "in broken percent-encoding", path: `${FUNCTIONS}/%ZZ` },
    { name: "in half a character", path: `${FUNCTIONS}/%C3` },
  ])("$name, with an error of the client's", async ({ path }) => {
    const answer = await request(server.url, "GET", path);
    expect(answer.status).toBeWithin(400, 500);
    expect(answer.headers.get("x-amzn-errortype")).not.toBeNull();
  });

  test("whose qualifier differs from the one beside it", async () => {
    const answer = await request(server.url, "GET", `${FUNCTIONS}/${WITNESS}:1?Qualifier=2`);
    await expectRefusal(answer, {
      status: 400,
      errorType: invalid,
      message: "The derived qualifier from the function name does not match the specified qualifier.",
    });
  });
});

describe("a setting is refused", () => {
  const at = (path: string): RegExp =>
    new RegExp(`^\\d+ validation errors? detected: .* at '${path}' failed to satisfy constraint: `);
  const validation = (path: string): Refusal => ({ status: 400, errorType: "ValidationException", message: at(path) });
  const invalid = (message: RegExp): Refusal => ({ status: 400, errorType: "InvalidParameterValueException", message });
  test.each<{ name: string; rest: Record<string, unknown>; refusal: Refusal }>([
    { name: "Timeout 0", rest: { Timeout: 0 }, refusal: validation("timeout") },
    { name: "Timeout 901", rest: { Timeout: 901 }, refusal: validation("timeout") },
    { name: "a negative Timeout", rest: { Timeout: -1 }, refusal: validation("timeout") },
    {
      name: "Timeout 1.5",
      rest: { Timeout: 1.5 },
      refusal: { status: 400, errorType: "SerializationException", message: /./ },
    },
    {
      name: "Timeout 1e400",
      rest: { Timeout: 1e15 },
      refusal: { status: 400, errorType: "SerializationException", message: /./ },
    },
    { name: "MemorySize 127", rest: { MemorySize: 127 }, refusal: validation("memorySize") },
    { name: "MemorySize 32769", rest: { MemorySize: 32_769 }, refusal: validation("memorySize") },
    {
      name: "EphemeralStorage of 511",
      rest: { EphemeralStorage: { Size: 511 } },
      refusal: validation("ephemeralStorage.size"),
    },
    {
      name: "EphemeralStorage of 10241",
      rest: { EphemeralStorage: { Size: 10_241 } },
      refusal: validation("ephemeralStorage.size"),
    },
    {
      name: "EphemeralStorage without a size",
      rest: { EphemeralStorage: {} },
      refusal: validation("ephemeralStorage.size"),
    },
    {
      name: "a Description of 257 characters",
      rest: { Description: "d".repeat(257) },
      refusal: validation("description"),
    },
    { name: "a Handler with a space", rest: { Handler: "index handler" }, refusal: validation("handler") },
    {
      name: "a Handler of 129 characters",
      rest: { Handler: `index.${"h".repeat(123)}` },
      refusal: validation("handler"),
    },
    { name: "a role that is none", rest: { Role: "r1" }, refusal: validation("role") },
    { name: "two architectures", rest: { Architectures: ["x86_64", "arm64"] }, refusal: validation("architectures") },
    { name: "an architecture that is none", rest: { Architectures: ["vax"] }, refusal: validation("architectures") },
    {
      name: "a runtime that does not exist",
      rest: { Runtime: "nodejs99.x" },
      refusal: invalid(
        /^Value nodejs99\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN$/,
      ),
    },
    {
      name: "a variable with a dash",
      rest: { Environment: { Variables: { "A-B": "1" } } },
      refusal: { status: 400, errorType: "ValidationException", message: /environment\.variables/ },
    },
    {
      name: "a reserved variable",
      rest: { Environment: { Variables: { AWS_REGION: "x" } } },
      refusal: invalid(/AWS_REGION/),
    },
    {
      name: "variables of more than 4 KB",
      rest: { Environment: { Variables: { LONG: "x".repeat(4096) } } },
      refusal: invalid(/exceeded the 4KB limit\. String measured: \d+ characters$/),
    },
    { name: "a tag key of 129 characters", rest: { Tags: { ["k".repeat(129)]: "" } }, refusal: validation("tags") },
    { name: "no Runtime", rest: { Runtime: undefined }, refusal: invalid(/^Runtime and Handler are mandatory/) },
    { name: "no Handler", rest: { Handler: undefined }, refusal: invalid(/^Runtime and Handler are mandatory/) },
    { name: "no code", rest: { Code: {} }, refusal: invalid(/^Please provide a source for function code\.$/) },
    {
      name: "several at once, all of which are named",
      rest: { Timeout: 0, MemorySize: 1, Description: "d".repeat(300) },
      refusal: {
        status: 400,
        errorType: "ValidationException",
        message: /^3 validation errors detected: (?=.*'timeout')(?=.*'memorySize')(?=.*'description')/,
      },
    },
  ])("$name", async ({ rest, refusal }) => {
    await expectRefusal(await creates(rest), refusal);
  });

  test.each([
    { query: "MaxItems=0", errorType: "ValidationException" },
    { query: "MaxItems=10001", errorType: "ValidationException" },
    { query: "MaxItems=ten", errorType: "SerializationException" },
    { query: "MaxItems=1.5", errorType: "SerializationException" },
    { query: "FunctionVersion=SOME", errorType: "ValidationException" },
    { query: "Marker=%00%01", errorType: "InvalidParameterValueException" },
    { query: "Marker=nonsense!", errorType: "InvalidParameterValueException" },
  ])("in a query: $query", async ({ query, errorType }) => {
    const answer = await request(server.url, "GET", `${FUNCTIONS}?${query}`);
    await expectRefusal(answer, { status: 400, errorType, message: /./ });
  });

  test.each([
    {
      name: "an InvocationType that is none",
      headers: { "X-Amz-Invocation-Type": "Later" },
      errorType: "ValidationException",
    },
    { name: "a LogType that is none", headers: { "X-Amz-Log-Type": "Head" }, errorType: "ValidationException" },
    {
      name: "a client context that is no base64 of JSON",
      headers: { "X-Amz-Client-Context": "%%%" },
      errorType: "InvalidRequestContentException",
    },
  ])("in a header: $name", async ({ headers, errorType }) => {
    const answer = await request(server.url, "POST", `${FUNCTIONS}/${WITNESS}/invocations`, { body: "{}", headers });
    await expectRefusal(answer, { status: 400, errorType, message: /./ });
  });
});

describe("a body over its limit is refused with 413", () => {
  const SYNC_BYTES_MAX = 6 * MIB;
  const CREATE_BYTES_MAX = 70_167_211;
  const invocations = `${FUNCTIONS}/${WITNESS}/invocations`;
  const tooLarge = (bytes: number, operation: string): Refusal => ({
    status: 413,
    errorType: "RequestEntityTooLargeException",
    message: `Request must be smaller than ${bytes} bytes for the ${operation} operation`,
  });
  /** A body whose length the client does not tell beforehand. */
  const chunked = (bytes: number): ReadableStream<Uint8Array> => {
    let left = bytes;
    return new ReadableStream({
      pull(controller) {
        const size = Math.min(left, 64 * 1024);
        left -= size;
        controller.enqueue(new Uint8Array(size).fill(0x20));
        if (left === 0) controller.close();
      },
    });
  };

  test("by its Content-Length", async () => {
    await expectRefusal(
      await post(" ".repeat(SYNC_BYTES_MAX + 1), invocations),
      tooLarge(SYNC_BYTES_MAX, "InvokeFunction"),
    );
  });

  test("when it comes in chunks", async () => {
    await expectRefusal(
      await post(chunked(SYNC_BYTES_MAX + 1), invocations),
      tooLarge(SYNC_BYTES_MAX, "InvokeFunction"),
    );
  });

  test("on operations without code, too", async () => {
    const path = `${FUNCTIONS}/${WITNESS}/configuration`;
    const answer = await request(server.url, "PUT", path, { body: " ".repeat(SYNC_BYTES_MAX + 1) });
    await expectRefusal(answer, tooLarge(SYNC_BYTES_MAX, "UpdateFunctionConfiguration"));
  });

  test("on those with code, which may be larger", async () => {
    const answer = await post(chunked(CREATE_BYTES_MAX + 1));
    await expectRefusal(answer, tooLarge(CREATE_BYTES_MAX, "CreateFunction"));
  });

  test("before a single byte of it has come, when its Content-Length says so", async () => {
    const { hostname, port } = new URL(server.url);
    const head = `POST ${FUNCTIONS} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${CREATE_BYTES_MAX + 1}\r\n\r\n`;
    expect(await firstLine({ hostname, port: Number(port), bytes: head })).toMatch(/^HTTP\/1\.1 413 /);
    expect(await state()).toEqual(before);
  });

  test("or cut off, when it never ends", async () => {
    const { sentBytes, answer } = await sendWithoutEnd(`POST ${invocations}`);
    expect(answer).toMatch(/^(HTTP\/1\.1 413 |$)/);
    expect(sentBytes).toBeLessThan(ENDLESS_BYTES);
    expect(await state()).toEqual(before);
  });

  test("but not at its limit, whatever way it comes", async () => {
    const text = JSON.stringify("x".repeat(SYNC_BYTES_MAX - 2));
    expect(text.length).toBe(SYNC_BYTES_MAX);
    const path = `${FUNCTIONS}/${MEASURES}/invocations`;
    const whole = await post(text, path);
    const inChunks = await post(new Blob([text]).stream(), path);
    expect([whole.status, whole.text, inChunks.status, inChunks.text]).toEqual([
      200,
      String(SYNC_BYTES_MAX - 2),
      200,
      String(SYNC_BYTES_MAX - 2),
    ]);
    expect(await state()).toEqual(before);
  });
});

/** The first line that the server answers to these bytes, after which the connection is closed. */
function firstLine(to: { hostname: string; port: number; bytes: string }): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: to.hostname, port: to.port }, () => socket.write(to.bytes));
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    const end = text.indexOf("\r\n");
    if (end < 0) return;
    resolve(text.slice(0, end));
    socket.destroy();
  });
  socket.on("error", reject);
  socket.on("close", () => resolve(text));
  return promise;
}

/** What a server has to have had enough of; the buffers of two sockets lie in between. */
const ENDLESS_BYTES = 2048 * MIB; // a quick machine has sent a hundred before the answer is there

/** Sends chunks until the server answers or hangs up, and at most `ENDLESS_BYTES`. */
function sendWithoutEnd(methodAndPath: string): Promise<{ sentBytes: number; answer: string }> {
  const { hostname, port } = new URL(server.url);
  const { promise, resolve } = Promise.withResolvers<{ sentBytes: number; answer: string }>();
  const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(MIB, " "), Buffer.from("\r\n")]);
  let sentBytes = 0;
  let over = false;
  const socket = connect({ host: hostname, port: Number(port) });
  const end = (answer = ""): void => {
    over = true;
    resolve({ sentBytes, answer });
    socket.destroy();
  };
  const send = (): void => {
    while (!over && sentBytes < ENDLESS_BYTES) {
      sentBytes += MIB;
      if (!socket.write(chunk)) return;
    }
    if (!over) end();
  };
  socket.on("connect", () => {
    socket.write(`${methodAndPath} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    send();
  });
  socket.on("drain", send);
  socket.on("data", (bytes) => end(bytes.toString("latin1")));
  for (const event of ["error", "close"]) socket.on(event, () => end());
  return promise;
}

describe("a request that is hardly HTTP does not disturb the server:", () => {
  test.each([
    { name: "no HTTP at all", bytes: "hello\r\n\r\n" },
    { name: "a method that is none", bytes: "BREW /2015-03-31/functions HTTP/1.1\r\nHost: x\r\n\r\n" },
    {
      name: "a negative length",
      bytes: "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    },
    {
      name: "a chunk that is none",
      bytes: "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    },
    {
      name: "two lengths",
      bytes: "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    },
    {
      name: "a header without end",
      bytes: `GET /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(1 * MIB)}\r\n\r\n`,
    },
  ])("$name", async ({ bytes }) => {
    const { hostname, port } = new URL(server.url);
    const line = await firstLine({ hostname, port: Number(port), bytes }).catch(() => "");
    expect(line).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(await state()).toEqual(before);
  });

  test("a body that stops in the middle", async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    socket.write(`POST ${FUNCTIONS} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"FunctionName": "never-made"`);
    await new Promise<void>((resolve) => socket.end(() => resolve()));
    expect(await state()).toEqual(before);
    expect((await invoke(server.url, WITNESS, {})).status).toBe(200);
  });
});

describe("a path that no operation has is an UnknownOperationException:", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/favicon.ico"],
    ["GET", "/2015-03-31"],
    ["GET", "/2015-03-31/functionz"],
    ["GET", "/2099-01-01/functions"],
    ["PATCH", "/2015-03-31/functions"],
    ["DELETE", "/2015-03-31/functions"],
    ["PUT", "/2015-03-31/functions/witness"],
    ["POST", "/2015-03-31/functions/witness/invocations/again"],
    ["GET", "/2015-03-31/functions/witness/../../../etc/passwd"],
    ["GET", "/_lambent/nothing"],
    ["OPTIONS", "/2015-03-31/functions"],
  ])("%s %s", async (method, path) => {
    // As a client of Lambda signs it; nobody asks here whether the signature holds.
    const scope = "Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
    const answer = await request(server.url, method, path, { headers: { Authorization: `AWS4-HMAC-SHA256 ${scope}` } });
    await expectRefusal(answer, { status: 404, errorType: "UnknownOperationException", message: /./ });
  });
});

describe("an operation that is not supported yet says so, with its name:", () => {
  const rows = Object.values(OPERATIONS) as OperationRow[];
  test.each(rows.map((row) => [row.name, row] as const))("%s", async (name, row) => {
    const capabilities = (await request(server.url, "GET", "/_lambent/capabilities")).json() as {
      operations: Record<string, string>;
    };
    expect(capabilities.operations[name]).toBeString();
    if (capabilities.operations[name] !== "absent") return;
    const path = row.path.replace(/\{(\w+)\}/g, (_, member: string) => (member === "FunctionName" ? WITNESS : "x"));
    const query = new URLSearchParams(row.query);
    const body = row.method === "GET" || row.method === "DELETE" ? {} : { body: "{}" };
    const answer = await request(server.url, row.method, query.size > 0 ? `${path}?${query}` : path, body);
    await expectRefusal(answer, {
      status: 400,
      errorType: "InvalidParameterValueException",
      message: new RegExp(`\\b${name}\\b.*not support`),
    });
  });
});

test("code from S3 and container images are refused by name", async () => {
  const invalid = "InvalidParameterValueException";
  const image = { PackageType: "Image", Code: { ImageUri: "000000000000.dkr.ecr.us-east-1.amazonaws.com/a:b" } };
  await expectRefusal(await creates(image), { status: 400, errorType: invalid, message: /Image/ });
  const both = { Code: { ZipFile: Buffer.from(good).toString("base64"), S3Bucket: "bucket", S3Key: "key" } };
  await expectRefusal(await creates(both), { status: 400, errorType: invalid, message: /ZipFile/ });
});

test("a role is needed, and is in the function's answer as it was given", async () => {
  await expectRefusal(await creates({ Role: undefined }), {
    status: 400,
    errorType: "ValidationException",
    message: "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null",
  });
  expect(before.configuration["Role"]).toBe(ROLE);
});

test("after all of it the server has written nothing to its error output", async () => {
  expect((await invoke(server.url, WITNESS, {})).status).toBe(200);
  expect(server.stderr).toBe("");
});
