/** A result on its way from the handler's stream to the client, once its prelude, if it has one, was read. */
import type { ChunkSink, InvocationResult } from "../../invoke/invocation.ts";
import { StreamQueue } from "../invocations/stream-queue.ts";
import { FAILED, PRELUDE_END, streamHeadOf, type UrlAnswer, unstreamedAnswer } from "./url-answer.ts";

/** What `awslambda.HttpResponseStream.from` says that the stream is. */
const WITH_PRELUDE = "application/vnd.awslambda.http-integration-response";
const PRELUDE_BYTES_MAX = 128 * 1024;
const BYTES = "application/octet-stream";
const TYPE = /^[\x20-\x7e]{1,256}$/;

export class UrlStream implements ChunkSink {
  readonly #queue = new StreamQueue<Uint8Array>();
  readonly #head = Promise.withResolvers<UrlAnswer>();
  #state: "new" | "prelude" | "body" | "broken" = "new";
  #prelude: Uint8Array = new Uint8Array(0);

  /** The answer when its head is known, or the call has ended without one; the body goes on behind it. */
  async answer(running: Promise<InvocationResult>): Promise<UrlAnswer> {
    const ended = running.then(
      (result) => this.#end(result),
      (error: unknown) => {
        this.#queue.fail(undefined);
        throw error;
      },
    );
    return await Promise.race([this.#head.promise, ended]);
  }

  chunk(bytes: Uint8Array, contentType: string | undefined): void | Promise<void> {
    switch (this.#state) {
      case "new":
        if (contentType === WITH_PRELUDE) {
          this.#state = "prelude";
          return this.#readPrelude(bytes);
        }
        this.#begin({
          status: 200,
          headers: [["content-type", TYPE.test(contentType ?? "") ? `${contentType}` : BYTES]],
        });
        return this.#queue.put(bytes);
      case "prelude":
        return this.#readPrelude(bytes);
      case "body":
        return this.#queue.put(bytes);
      case "broken":
        return;
      default:
        this.#state satisfies never;
    }
  }

  #begin(head: Omit<UrlAnswer, "body">): void {
    this.#state = "body";
    this.#head.resolve({ ...head, body: this.#queue.readable });
  }

  #readPrelude(bytes: Uint8Array): void | Promise<void> {
    const whole = Buffer.concat([this.#prelude, bytes]);
    const end = whole.indexOf(PRELUDE_END);
    this.#prelude = whole;
    if (end < 0) {
      if (whole.length > PRELUDE_BYTES_MAX) this.#break();
      return;
    }
    const head = streamHeadOf(whole.subarray(0, end));
    if (!head) return this.#break();
    this.#begin(head);
    this.#prelude = new Uint8Array(0);
    const rest = whole.subarray(end + PRELUDE_END.length);
    return rest.length > 0 ? this.#queue.put(rest) : undefined;
  }

  #break(): void {
    this.#state = "broken";
    this.#prelude = new Uint8Array(0);
    this.#head.resolve(FAILED);
  }

  /** What the answer is when nothing was streamed. */
  #end({ outcome }: InvocationResult): UrlAnswer {
    if (outcome.kind !== "ok") {
      this.#queue.fail(undefined); // the client's connection breaks, so that half an answer is not taken for a whole one
      return FAILED;
    }
    const unstreamed = outcome.payload.length > 0 ? [outcome.payload] : [];
    if (this.#state === "body") this.#queue.end(unstreamed);
    return this.#state === "new" ? unstreamedAnswer(outcome.payload) : FAILED;
  }
}
