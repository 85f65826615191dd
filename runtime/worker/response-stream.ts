/**
 * What a streaming handler writes to: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.
 * Source: Lambda Developer Guide, "Response streaming for Lambda functions"; the prelude's form is recorded.
 */
import type { Writable } from "node:stream";
import { builtin } from "./builtins.ts";
import type { Handler } from "./load-handler.ts";

export interface StreamTarget {
  /** Sends one chunk; answers false while the host does not keep up, and calls `onDrain` once it does. */
  send(chunk: Uint8Array, contentType: string | undefined): boolean;
  onDrain(then: () => void): void;
}

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
/** Of a stream that begins with a prelude. */
export const HTTP_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response";
export const PRELUDE_END = new Uint8Array(8);
/** What a handler writes at once may be larger than a frame. */
const CHUNK_BYTES_MAX = 1024 * 1024;
const CONTENT_TYPE_LENGTH_MAX = 1024;
const { stringify } = JSON;

interface ResponseStreamMembers {
  setContentType(contentType: string): void;
  setPrelude(prelude: Uint8Array): void;
}

export type ResponseStream = Writable & ResponseStreamMembers;

/** Made on first use, with the class that it extends: most functions stream nothing. */
export function makeResponseStream(target: StreamTarget): ResponseStream {
  streamClass ??= defineStream(builtin("node:stream").Writable);
  return new streamClass(target);
}

let streamClass: ReturnType<typeof defineStream> | undefined;

function defineStream(base: typeof Writable) {
  return class extends base implements ResponseStreamMembers {
    readonly #target: StreamTarget;
    #contentType: string | undefined;
    /** Goes out with the first chunk. */
    #prelude: Uint8Array | undefined;

    constructor(target: StreamTarget) {
      super({ highWaterMark: 64 * 1024, decodeStrings: true });
      this.#target = target;
    }

    setContentType(contentType: string): void {
      this.#contentType = String(contentType).slice(0, CONTENT_TYPE_LENGTH_MAX);
    }

    setPrelude(prelude: Uint8Array): void {
      this.#prelude = prelude;
    }

    override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
      const whole = this.#prelude === undefined ? chunk : Buffer.concat([this.#prelude, chunk]);
      this.#prelude = undefined;
      this.#send(whole, done);
    }

    #send(bytes: Uint8Array, done: () => void): void {
      const ready = this.#target.send(bytes.subarray(0, CHUNK_BYTES_MAX), this.#contentType);
      this.#contentType = undefined; // said once
      const rest = bytes.subarray(CHUNK_BYTES_MAX);
      const then = rest.length === 0 ? done : () => this.#send(rest, done);
      if (ready) then();
      else this.#target.onDrain(then);
    }

    override _final(done: () => void): void {
      if (this.#prelude === undefined) done();
      else this.#send(this.#prelude, done);
    }
  };
}

export type StreamingHandler = (event: unknown, stream: ResponseStream, context: unknown) => unknown;

export const isStreaming = (handler: Handler): boolean =>
  (handler as unknown as Record<symbol, unknown>)[STREAMING] === "response";

/** Puts `awslambda` where user code looks for it. */
export function installStreamingGlobals(): void {
  Object.defineProperty(globalThis, "awslambda", {
    configurable: true,
    enumerable: false,
    writable: true,
    value: {
      streamifyResponse(handler: StreamingHandler): StreamingHandler {
        Object.defineProperty(handler, STREAMING, { value: "response" });
        return handler;
      },
      HttpResponseStream: {
        /** Status, headers and cookies ahead of the body: their JSON, then eight NUL bytes. */
        from(stream: ResponseStream, metadata: unknown): ResponseStream {
          stream.setContentType(HTTP_CONTENT_TYPE);
          stream.setPrelude(Buffer.concat([Buffer.from(stringify(metadata)), PRELUDE_END]));
          return stream;
        },
      },
    },
  });
}
