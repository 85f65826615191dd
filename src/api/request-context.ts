/** What one request adds to the services: its id, its base URL, its warnings. */
import type { Context } from "hono";
import type { Draw } from "../invoke/routing.ts";
import type { ServiceContext, Services } from "../services/context.ts";

export interface RequestScope {
  readonly ctx: ServiceContext;
  /** What the answer's headers say beside the output. */
  readonly headers: () => Record<string, string>;
}

/** A client that sends this header, whatever its value, is told how an alias with weights chose. */
const ROUTING_HEADER = "x-lambent-routing";

export function openScope(services: Services, c: Context, requestId: string): RequestScope {
  const warnings: string[] = [];
  let draw: Draw | undefined;
  const ctx: ServiceContext = {
    ...services,
    requestId,
    get baseUrl() {
      return new URL(c.req.url).origin;
    },
    traceId: c.req.header("x-amzn-trace-id") ?? newTraceId(services.clock.nowMs(), requestId),
    noteRouting: (one) => {
      draw = one;
    },
    warn: (text) => {
      warnings.push(text);
    },
  };
  const headers = (): Record<string, string> => {
    const said: Record<string, string> = { "x-amzn-RequestId": requestId };
    if (warnings.length > 0) said["x-lambent-warning"] = headerText(warnings.join("; "));
    if (draw && c.req.header(ROUTING_HEADER) !== undefined) {
      said[ROUTING_HEADER] = headerText(
        `seed=${draw.seed}; index=${draw.index}; value=${draw.value}; version=${draw.version}`,
      );
    }
    return said;
  };
  return { ctx, headers };
}

/** Header values are Latin-1 at best: everything else becomes a question mark. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 2000);

/** As X-Ray has it: the second in which the call came, and 96 random bits, which the request id has already. Not sampled. */
function newTraceId(nowMs: number, requestId: string): string {
  const random = requestId.replaceAll("-", "");
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `Root=1-${seconds}-${random.slice(0, 24)};Parent=${random.slice(16)};Sampled=0`;
}
