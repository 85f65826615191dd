/** How long a streamed answer may keep its connection: its function takes as long as it likes for each piece, a client has some time to take it. */
import type { Exchange } from "./exchange.ts";

/** The same answer. Once all of it was taken, the connection is as idle as after any other. */
export function pacedAnswer(response: Response, { request, peer }: Pick<Exchange, "request" | "peer">): Response {
  if (!peer || response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        peer.timeout(request, 0);
        const { done, value } = await reader.read().finally(() => peer.timeout(request, peer.idleSeconds));
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
