/** The door of function URLs: any method, any path, under the URL's own host name or `/_lambent/urls/<id>/`. */
import { functionArn } from "../core/arn.ts";
import { SYNC_PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import type { Services } from "../services/context.ts";
import { urlPlaceOf } from "../services/urls/function-url.ts";
import { KnownUrls } from "../services/urls/known-urls.ts";
import { serveUrl, unknownUrl } from "../services/urls/serve-url.ts";
import type { UrlAnswer } from "../services/urls/url-answer.ts";
import { giveBody, readWithin } from "./body.ts";
import { callerOf } from "./gate.ts";
import { type Guards, whoOf } from "./guarded.ts";
import { pacedAnswer } from "./paced-answer.ts";
import type { Peer } from "./peer.ts";
import { scopesOf } from "./request-context.ts";

/** Undefined for a request that is for no function URL. */
export type UrlDoor = (request: Request, peer: Peer | undefined) => Promise<Response> | undefined;

const NO_BODY = new Uint8Array(0);
const LOOPBACK = "127.0.0.1";

export function makeUrlDoor(
  services: Services,
  { guards, refuse }: { guards: Guards; refuse: (error: unknown, requestId: string) => Response },
): UrlDoor {
  const { gate, audit } = guards;
  const openScope = scopesOf(services);
  const known = new KnownUrls(services);
  return (request, peer) => {
    const place = urlPlaceOf(request.url);
    return place && serve(request, place, peer);
  };

  async function serve(
    request: Request,
    { id, path, query }: { id: string; path: string; query: string },
    peer: Peer | undefined,
  ): Promise<Response> {
    const requestId = services.ids.uuid();
    let stream: unknown;
    try {
      const found = known.find(id);
      const url = found instanceof Promise ? await found : found;
      if (!url) return responseTo(request, unknownUrl(requestId));
      const scope = openScope(request, requestId);
      const body = await readWithin({ request, peer }, SYNC_PAYLOAD_BYTES_MAX);
      peer?.timeout(request, 0); // the call may take as long as it likes
      const answer = await serveUrl(scope.ctx, url, {
        request: {
          method: request.method,
          scheme: request.url.startsWith("https:") ? "https" : "http",
          host: request.headers.get("host") ?? new URL(request.url).host,
          path,
          query,
          headers: request.headers,
          body: body ?? NO_BODY,
          sourceIp: peer?.requestIP(request)?.address ?? LOOPBACK,
        },
        isTooLarge: body === undefined,
        guard: gate && {
          anonymous: callerOf(request, { peer, key: undefined }),
          async prove() {
            const caller = await gate.enterWith(request, { peer, body: body ?? NO_BODY });
            gate.count(caller);
            return caller;
          },
        },
      });
      if (gate && answer.status === 403)
        audit?.write(
          {
            requestId,
            action: "lambda:InvokeFunctionUrl",
            resource: functionArn(services.home, url.owner, url.key === "" ? undefined : url.key),
            outcome: answer.headers.find(([name]) => name === "x-amzn-ErrorType")?.[1] ?? "AccessDeniedException",
            ...whoOf(callerOf(request, { peer, key: undefined })),
          },
          { refused: true },
        );
      stream = answer.body;
      peer?.timeout(request, peer.idleSeconds);
      const response = responseTo(request, answer, scope.headers());
      return answer.body instanceof ReadableStream ? pacedAnswer(response, { request, peer }) : response;
    } catch (error) {
      peer?.timeout(request, peer.idleSeconds);
      return refuse(error, requestId);
    } finally {
      giveBody({ request, peer }, stream);
    }
  }
}

/** HTTP has no body for these. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function responseTo({ method }: Request, answer: UrlAnswer, said: Record<string, string> = {}): Response {
  const headers = new Headers(said);
  for (const [name, value] of answer.headers) {
    if (name === "set-cookie") headers.append(name, value);
    else headers.set(name, value);
  }
  const { status } = answer;
  let { body } = answer;
  if (BODILESS.has(status) || method === "HEAD") {
    if (body instanceof ReadableStream) void body.cancel();
    if (BODILESS.has(status) || body instanceof ReadableStream) body = null;
  }
  return new Response(body as ConstructorParameters<typeof Response>[0], { status, headers });
}
