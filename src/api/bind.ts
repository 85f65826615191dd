/** From an HTTP request to an operation's typed input: after this nothing is `unknown`, and nothing is checked twice. */
import type { Context } from "hono";
import { REQUEST_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import { AwsError, tooLarge } from "../errors/aws-error.ts";
import type { Member, StructShape } from "../shapes/dsl.ts";
import { type InputOf, OPERATIONS, type OperationName } from "../shapes/operations.ts";
import { validate } from "../shapes/validate.ts";

/** Those whose bodies hold code. */
const LARGE_BODIES: ReadonlySet<OperationName> = new Set([
  "CreateFunction",
  "UpdateFunctionCode",
  "PublishLayerVersion",
]);
/** The names that AWS's messages have for some operations. */
const INTERNAL_NAMES: Partial<Record<OperationName, string>> = { Invoke: "InvokeFunction" };

const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * @throws AwsError RequestEntityTooLargeException, InvalidRequestContentException for a body that is not JSON, and what
 * `validate` throws.
 */
export async function bind<Name extends OperationName>(c: Context, name: Name): Promise<InputOf<Name>> {
  const input: StructShape = OPERATIONS[name].input;
  const raw: Record<string, unknown> = {};
  const layout = layoutOf(input);
  if (layout.hasBody) Object.assign(raw, readJson(await readBody(c, name)));
  for (const member of layout.outside) raw[member.name] = await readMember(c, { member, name });
  return validate(input, raw) as InputOf<Name>;
}

interface Layout {
  readonly hasBody: boolean;
  readonly outside: readonly Member[];
}

const layouts = new WeakMap<StructShape, Layout>();

function layoutOf(shape: StructShape): Layout {
  const known = layouts.get(shape);
  if (known) return known;
  const outside = shape.members.filter((member) => member.location !== "body");
  const layout = { hasBody: outside.length < shape.members.length, outside };
  layouts.set(shape, layout);
  return layout;
}

function readMember(c: Context, { member, name }: { member: Member; name: OperationName }): unknown {
  switch (member.location) {
    case "uri":
      return c.req.param(member.name);
    case "query":
      return member.shape.kind === "list" ? c.req.queries(member.wire) : c.req.query(member.wire);
    case "header":
      return c.req.header(member.wire);
    case "payload":
      return readBody(c, name);
    case "body":
    case "statusCode":
      return undefined;
    default:
      throw member.location satisfies never;
  }
}

async function readBody(c: Context, name: OperationName): Promise<Uint8Array> {
  const bytesMax = LARGE_BODIES.has(name) ? REQUEST_BYTES_MAX : SYNC_PAYLOAD_BYTES_MAX;
  const refuse = (): never => {
    throw tooLarge(INTERNAL_NAMES[name] ?? name, bytesMax);
  };
  const declared = Number(c.req.header("content-length"));
  if (declared > bytesMax) refuse();
  const bytes = await c.req.raw.bytes();
  return bytes.length > bytesMax ? refuse() : bytes;
}

/** No body at all is an empty object: the constraints then say what is missing. */
function readJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(strictDecoder.decode(bytes));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : "the body is not UTF-8";
    throw new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${reason}`, {
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AwsError("SerializationException", "The request body has to be a JSON object");
}
