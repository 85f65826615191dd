/** From an HTTP request to an operation's typed input: after this nothing is `unknown`, and nothing is checked twice. */
import { AwsError } from "../errors/aws-error.ts";
import type { Member, StructShape } from "../shapes/dsl.ts";
import { type InputOf, OPERATIONS, type OperationName } from "../shapes/operations.ts";
import { validate } from "../shapes/validate.ts";
import { readBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";

const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * @throws AwsError RequestEntityTooLargeException, InvalidRequestContentException for a body that is not JSON, and what
 * `validate` throws.
 */
export async function bind<Name extends OperationName>(exchange: Exchange, name: Name): Promise<InputOf<Name>> {
  const input: StructShape = OPERATIONS[name].input;
  const layout = layoutOf(input);
  // Taken as parsed: copied member by member, a `__proto__` in it would become the prototype.
  const raw = layout.hasBody ? readJson(await readBody(exchange, name)) : {};
  for (const member of layout.outside) {
    const value = readMember(exchange, { member, name });
    raw[member.name] = value instanceof Promise ? await value : value;
  }
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

function readMember(exchange: Exchange, { member, name }: { member: Member; name: OperationName }): unknown {
  switch (member.location) {
    case "uri":
      return exchange.param(member.name);
    case "query":
      return member.shape.kind === "list" ? exchange.queries(member.wire) : exchange.query(member.wire);
    case "header":
      return exchange.request.headers.get(member.wire) ?? undefined;
    case "payload":
      return readBody(exchange, name);
    case "body":
    case "statusCode":
      return undefined;
    default:
      throw member.location satisfies never;
  }
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
