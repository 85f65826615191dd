/** Events of a response stream as messages of AWS's event stream; `@smithy/eventstream-codec` does the framing. */
import { EventStreamCodec } from "@smithy/eventstream-codec";
import type { InvokeWithResponseStreamResponseEvent } from "../shapes/invoke.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const codec = new EventStreamCodec(
  (bytes) => decoder.decode(bytes),
  (text) => encoder.encode(text),
);

type StreamEvent = InvokeWithResponseStreamResponseEvent extends ReadableStream<infer Event> ? Event : never;

export const EVENT_STREAM = "application/vnd.amazon.eventstream";

export const encodeEvents = (events: ReadableStream<StreamEvent>): ReadableStream<Uint8Array> =>
  events.pipeThrough(
    new TransformStream<StreamEvent, Uint8Array>({
      transform(event, controller) {
        controller.enqueue(encodeEvent(event));
      },
    }),
  );

function encodeEvent(event: StreamEvent): Uint8Array {
  const chunk = event.PayloadChunk?.Payload;
  const text = (value: string) => ({ type: "string", value }) as const;
  return codec.encode({
    headers: {
      ":message-type": text("event"),
      ":event-type": text(chunk ? "PayloadChunk" : "InvokeComplete"),
      ":content-type": text(chunk ? "application/octet-stream" : "application/json"),
    },
    body: chunk ?? encoder.encode(JSON.stringify(event.InvokeComplete ?? {})),
  });
}
