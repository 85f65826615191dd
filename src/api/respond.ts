/** From what a verb returns to an HTTP response, as the operation's output shape lays it out. */

import type { Member, StructShape } from "../shapes/dsl.ts";
import { OPERATIONS, type OperationName, type OperationRow } from "../shapes/operations.ts";
import { EVENT_STREAM, encodeEvents } from "./event-stream.ts";

/** `headers` are added to those of the output. */
export function respond(
  name: OperationName,
  output: Readonly<Record<string, unknown>> | undefined,
  headers: Record<string, string>,
): Response {
  const row: OperationRow = OPERATIONS[name];
  if (output === undefined || row.output === undefined) return new Response(null, { status: row.status, headers });
  const layout = layoutOf(row.output);
  let status = row.status;
  let payload: Uint8Array | ReadableStream | undefined;
  for (const member of layout.outside) {
    const value = output[member.name];
    if (value === undefined) continue;
    if (member.location === "header") headers[member.wire] = String(value);
    else if (member.location === "statusCode") status = Number(value);
    else if (value instanceof ReadableStream) {
      payload = encodeEvents(value);
      headers["Content-Type"] = EVENT_STREAM;
    } else payload = value as Uint8Array;
  }
  if (status === 204 || layout.isStatusOnly) return new Response(null, { status, headers });
  if (layout.hasPayload) {
    if (!("Content-Type" in headers))
      headers["Content-Type"] = payload === undefined ? "text/plain" : "application/json";
    return new Response(payload as ConstructorParameters<typeof Response>[0], { status, headers });
  }
  headers["content-type"] = "application/json";
  return new Response(JSON.stringify(bodyOf(layout.body, output)), { status, headers });
}

interface Layout {
  readonly body: readonly Member[];
  readonly outside: readonly Member[];
  readonly hasPayload: boolean;
  /** InvokeAsync's answer is its status, and nothing else. */
  readonly isStatusOnly: boolean;
}

const layouts = new WeakMap<StructShape, Layout>();

function layoutOf(shape: StructShape): Layout {
  const known = layouts.get(shape);
  if (known) return known;
  const outside = shape.members.filter((member) => member.location !== "body");
  const body = shape.members.filter((member) => member.location === "body");
  const hasPayload = outside.some(({ location }) => location === "payload");
  const hasStatus = outside.some(({ location }) => location === "statusCode");
  const layout = { body, outside, hasPayload, isStatusOnly: hasStatus && !hasPayload && body.length === 0 };
  layouts.set(shape, layout);
  return layout;
}

function bodyOf(members: readonly Member[], output: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { name } of members) {
    if (output[name] !== undefined) body[name] = output[name];
  }
  return body;
}
