/** A request to a function URL, from whose URL it is to the answer. */
import { functionArn } from "../../core/arn.ts";
import { SYNC_PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { AwsError, tooLarge } from "../../errors/aws-error.ts";
import { renderError } from "../../errors/render.ts";
import type { ServiceContext } from "../context.ts";
import type { Kept } from "../document-kind.ts";
import { admitCall } from "../invocations/invoke.ts";
import { refuseLoop } from "../invocations/loops.ts";
import { preflightAnswer, withCors } from "./cors.ts";
import { mayInvokeUrl, type UrlGuard } from "./url-access.ts";
import { answerOf, FAILED, type UrlAnswer } from "./url-answer.ts";
import type { UrlConfig } from "./url-configs.ts";
import { eventOf, type UrlRequest } from "./url-request.ts";
import { UrlStream } from "./url-stream.ts";

/** There is no such URL. */
export const unknownUrl = (requestId: string): UrlAnswer => refusal(requestId, null);

interface UrlCall {
  readonly request: UrlRequest;
  readonly isTooLarge: boolean;
  /** Undefined: nobody needs a key. */
  readonly guard: UrlGuard | undefined;
}

/**
 * `request` undefined: its body was larger than any that a function takes.
 * Failures of the function, and refusals of the API, are answers; only our own are thrown.
 */
export async function serveUrl(
  ctx: ServiceContext,
  url: Kept<UrlConfig>,
  { request, isTooLarge, guard }: UrlCall,
): Promise<UrlAnswer> {
  const { cors } = url.body;
  const preflight = preflightAnswer(cors, request);
  if (preflight) return preflight;
  const answer = await call(ctx, url, { request, isTooLarge, guard }).catch((error) => refused(ctx, error));
  return withCors(answer, cors, request);
}

async function call(
  ctx: ServiceContext,
  url: Kept<UrlConfig>,
  { request, isTooLarge, guard }: UrlCall,
): Promise<UrlAnswer> {
  const access = await mayInvokeUrl(ctx, url, { request, guard });
  if (!access.allowed) return refusal(ctx.requestId, FORBIDDEN);
  if (isTooLarge) throw tooLarge("InvokeFunction", SYNC_PAYLOAD_BYTES_MAX);
  const traceId = ctx.traceId(false);
  const payload = eventOf(request, {
    urlId: url.body.id,
    requestId: ctx.requestId,
    traceId,
    nowMs: ctx.clock.nowMs(),
    caller: access.caller,
  });
  if (payload.length > SYNC_PAYLOAD_BYTES_MAX) throw tooLarge("InvokeFunction", SYNC_PAYLOAD_BYTES_MAX);
  const named = { name: url.owner, qualifier: url.key === "" ? undefined : url.key };
  const looping = refuseLoop(ctx, named.name);
  if (looping) await looping;
  const target = ctx.resolver.known(named) ?? (await ctx.resolver.resolve(named));
  const invokedArn = functionArn(ctx.home, named.name, named.qualifier);
  const { spec, invocation } = admitCall(ctx, {
    target,
    invocation: { requestId: ctx.requestId, invokedArn, payload, wantsLogTail: false },
  });
  const answer =
    url.body.invokeMode === "RESPONSE_STREAM"
      ? await streamed((stream) => ctx.dispatcher.run(spec, { ...invocation, stream }))
      : await ctx.dispatcher
          .run(spec, invocation)
          .then(({ outcome }) => (outcome.kind === "ok" ? answerOf(outcome.payload) : FAILED));
  return { ...answer, headers: [...answer.headers, ["x-amzn-trace-id", traceId]] };
}

function streamed(run: (stream: UrlStream) => ReturnType<ServiceContext["dispatcher"]["run"]>): Promise<UrlAnswer> {
  const stream = new UrlStream();
  return stream.answer(run(stream));
}

/** AWS's text, with its own link (recorded). */
const FORBIDDEN =
  "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

const refusal = (requestId: string, message: string | null): UrlAnswer => ({
  status: 403,
  headers: [
    ["content-type", "application/json"],
    ["x-amzn-ErrorType", "AccessDeniedException"],
    ["x-amzn-RequestId", requestId],
  ],
  body: JSON.stringify({ Message: message }),
});

function refused(ctx: ServiceContext, error: unknown): UrlAnswer {
  if (!(error instanceof AwsError)) throw error;
  if (error.code === "ResourceNotFoundException") return unknownUrl(ctx.requestId); // it went meanwhile
  const { status, headers, body } = renderError(error, ctx.requestId);
  return { status, headers: Object.entries(headers), body };
}
