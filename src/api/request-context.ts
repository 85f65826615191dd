/** What one request adds to the services: its id, its base URL, its warnings. */
import { newTraceId } from "../core/trace-id.ts";
import type { Draw } from "../invoke/routing.ts";
import type { ServiceContext, Services } from "../services/context.ts";

export interface RequestScope {
  readonly ctx: ServiceContext;
  /** What the answer's headers say beside the output. */
  headers(): Record<string, string>;
}

/** A client that sends this header, whatever its value, is told how an alias with weights chose. */
const ROUTING_HEADER = "x-lambent-routing";

/** Makes the contexts of requests. They inherit the services instead of copying them: one is made for every call. */
export function scopesOf(services: Services): (request: Request, requestId: string) => RequestScope {
  class Scope {
    #warnings: string[] | undefined;
    #draw: Draw | undefined;
    #begunMs: number | undefined;

    constructor(
      readonly request: Request,
      readonly requestId: string,
    ) {}

    get ctx(): ServiceContext {
      return this as unknown as ServiceContext; // its prototype has all that the services have
    }

    get baseUrl(): string {
      return new URL(this.request.url).origin;
    }

    traceId(sampled?: boolean): string {
      if (this.givenTrace !== undefined) return this.givenTrace;
      this.#begunMs ??= services.clock.nowMs(); // whoever asks again is told the same
      return newTraceId(this.#begunMs, this.requestId, sampled);
    }

    get givenTrace(): string | undefined {
      return this.request.headers.get("x-amzn-trace-id") ?? undefined;
    }

    noteRouting(draw: Draw): void {
      this.#draw = draw;
    }

    warn(text: string): void {
      this.#warnings ??= [];
      this.#warnings.push(text);
    }

    headers(): Record<string, string> {
      const said: Record<string, string> = { "x-amzn-RequestId": this.requestId };
      if (this.#warnings) said["x-lambent-warning"] = headerText(this.#warnings.join("; "));
      if (this.#draw && this.request.headers.has(ROUTING_HEADER))
        said[ROUTING_HEADER] = headerText(drawText(this.#draw));
      return said;
    }
  }
  Object.assign(Scope.prototype, services);
  return (request, requestId) => new Scope(request, requestId);
}

const drawText = ({ seed, index, value, version }: Draw): string =>
  `seed=${seed}; index=${index}; value=${value}; version=${version}`;

/** Header values are Latin-1 at best: everything else becomes a question mark. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 2000);
