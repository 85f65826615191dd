/** The Lambda API by hand: for what no SDK would send, and for answers down to the byte. */
import { zipOf } from "./zip.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The body's members; throws with the whole answer when it is not a JSON object. */
  json(): Record<string, unknown>;
}

export async function request(
  base: string,
  method: string,
  path: string,
  init: { body?: RequestInit["body"]; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(base + path, { method, redirect: "manual", ...init });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  return { status: response.status, headers: response.headers, bytes, text, json: () => parse(response.status, text) };
}

function parse(status: number, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`Cannot read the answer as JSON: ${status} ${JSON.stringify(text.slice(0, 500))}`, { cause });
  }
}

export const ROLE = "arn:aws:iam::000000000000:role/lambda";

/** What CreateFunction takes, with defaults that a test does not have to repeat. */
export const createInput = (name: string, zip: Uint8Array, rest: Record<string, unknown> = {}) => ({
  FunctionName: name,
  Runtime: "nodejs22.x",
  Role: ROLE,
  Handler: "index.handler",
  Code: { ZipFile: Buffer.from(zip).toString("base64") },
  ...rest,
});

export const create = (
  base: string,
  name: string,
  zip: Uint8Array,
  rest: Record<string, unknown> = {},
): Promise<Answer> =>
  request(base, "POST", "/2015-03-31/functions", { body: JSON.stringify(createInput(name, zip, rest)) });

/** Creates a function whose handler is `source`, in `index.js`, and throws when that is refused. */
export async function createFrom(
  base: string,
  name: string,
  source: string,
  rest: Record<string, unknown> = {},
): Promise<void> {
  const answer = await create(base, name, await zipOf({ "index.js": source }), rest);
  if (answer.status !== 201) throw new Error(`Cannot create ${name}: ${answer.status} ${answer.text}`);
}

export const updateCode = (base: string, name: string, zip: Uint8Array): Promise<Answer> =>
  request(base, "PUT", `/2015-03-31/functions/${name}/code`, {
    body: JSON.stringify({ ZipFile: Buffer.from(zip).toString("base64") }),
  });

export const remove = (base: string, name: string): Promise<Answer> =>
  request(base, "DELETE", `/2015-03-31/functions/${name}`);

/** Every function's name and the digest of its code. */
export async function listAll(base: string): Promise<{ name: string; sha256: string }[]> {
  const found: { name: string; sha256: string }[] = [];
  for (let marker: string | undefined = ""; marker !== undefined; ) {
    const page = (await request(base, "GET", `/2015-03-31/functions?Marker=${marker}`)).json() as {
      Functions: { FunctionName: string; CodeSha256: string }[];
      NextMarker?: string;
    };
    found.push(...page.Functions.map((each) => ({ name: each.FunctionName, sha256: each.CodeSha256 })));
    marker = page.NextMarker;
  }
  return found;
}

export interface Invoked extends Answer {
  /** `X-Amz-Function-Error`; null when the function succeeded. */
  readonly functionError: string | null;
  readonly requestId: string;
  /** The end of the log, when the call asked for it. */
  readonly log: string;
  /** The result, parsed. */
  value(): unknown;
}

export async function invoke(
  base: string,
  name: string,
  event?: unknown,
  headers: Record<string, string> = {},
): Promise<Invoked> {
  const body = event === undefined ? {} : { body: JSON.stringify(event) };
  const answer = await request(base, "POST", `/2015-03-31/functions/${name}/invocations`, { ...body, headers });
  return {
    ...answer,
    functionError: answer.headers.get("x-amz-function-error"),
    requestId: answer.headers.get("x-amzn-requestid") ?? "",
    log: Buffer.from(answer.headers.get("x-amz-log-result") ?? "", "base64").toString(),
    value: () => JSON.parse(answer.text) as unknown,
  };
}

/** The server's own view: how many environments it has, and how many calls run. */
export async function census(
  base: string,
): Promise<{ environments: number; running: number; byState: Record<string, number> }> {
  return (await request(base, "GET", "/_lambent/health")).json() as Awaited<ReturnType<typeof census>>;
}
