/**
 * `Deno.serve(handler)` in a function's own file: the handler answers the function's requests, and no port is opened. Only such a file
 * finds a `Deno` at all, with `serve` and `env`: libraries take its presence for the whole of Deno. Source: Deno's API reference, `Deno.serve`.
 */
import { readFileSync } from "node:fs";
import { type Answer, answeringHandler, type HttpEvent } from "./fetch-handler.ts";
import type { Handler } from "./load-handler.ts";

const MENTION = "Deno.serve";

type ServeHandler = (request: Request, info: unknown) => unknown;

interface ServeOptions {
  readonly handler?: unknown;
  readonly port?: number;
  readonly hostname?: string;
  readonly onListen?: (at: unknown) => void;
  readonly onError?: (error: unknown) => unknown;
}

export interface DenoServe {
  /** Resolves when the module has called it; what else it awaits may take for ever, as `server.finished` does. */
  readonly called: Promise<void>;
  readonly handler: Handler | undefined;
}

/** Undefined for a file that does not call it. */
export function offerDenoServe(modulePath: string): DenoServe | undefined {
  if (!readFileSync(modulePath).includes(MENTION)) return undefined;
  const { promise: called, resolve } = Promise.withResolvers<void>();
  let handler: Handler | undefined;
  const serve = (...given: readonly unknown[]): object => {
    const options = (given.find((each) => typeof each === "object" && each !== null) ?? {}) as ServeOptions;
    const serving = given.find((each) => typeof each === "function") ?? options.handler;
    if (typeof serving !== "function") throw new TypeError("A handler function must be provided");
    handler = answeringHandler(answerBy(serving as ServeHandler, options));
    const addr = { transport: "tcp", hostname: options.hostname ?? "0.0.0.0", port: options.port ?? 8000 };
    options.onListen?.(addr);
    resolve();
    return new Server(addr);
  };
  Object.defineProperty(globalThis, "Deno", { value: { serve, env }, configurable: true, writable: true });
  return {
    called,
    get handler() {
      return handler;
    },
  };
}

const answerBy =
  (handler: ServeHandler, { onError }: ServeOptions): Answer =>
  async (request, { event, ctx }) => {
    const info = { remoteAddr: remoteAddrOf(event), completed: Promise.resolve(), waitUntil: ctx.waitUntil };
    try {
      return await handler(request, info);
    } catch (error) {
      if (!onError) throw error;
      return await onError(error);
    }
  };

const remoteAddrOf = ({ requestContext }: HttpEvent) => ({
  transport: "tcp",
  hostname: requestContext.http.sourceIp ?? "127.0.0.1",
  port: 0,
});

/** The environment ends it, not the function. */
class Server {
  readonly finished = new Promise<void>(() => {});
  constructor(readonly addr: object) {}
  async shutdown(): Promise<void> {}
  ref(): void {}
  unref(): void {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

const env = {
  get: (name: string): string | undefined => process.env[name],
  has: (name: string): boolean => process.env[name] !== undefined,
  set: (name: string, value: string): void => {
    process.env[name] = value;
  },
  delete: (name: string): void => {
    delete process.env[name];
  },
  toObject: (): Record<string, string | undefined> => ({ ...process.env }),
};
