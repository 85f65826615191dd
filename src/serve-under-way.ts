/** The requests that are under way, so that their connections are the last to be ended. */

const SWEEP_FROM = 1000;

/** Answers null for a request that is over. */
interface Server {
  requestIP(request: Request): { readonly port: number } | null;
}

export class UnderWay {
  readonly #requests = new Map<Request, Server>();
  #sweepFrom = SWEEP_FROM;

  begin(request: Request, server: Server): void {
    this.#requests.set(request, server);
    if (this.#requests.size <= this.#sweepFrom) return;
    this.peerPorts();
    this.#sweepFrom = Math.max(SWEEP_FROM, this.#requests.size * 2);
  }

  /** Need not be said: an answer that is a stream has an end that nobody is told of. */
  end(request: Request): void {
    this.#requests.delete(request);
  }

  /** Of the clients. Two of different addresses may have the same one. Forgets what is over. */
  peerPorts(): Set<number> {
    const ports = new Set<number>();
    for (const [request, server] of this.#requests) {
      const port = server.requestIP(request)?.port;
      if (port === undefined) this.#requests.delete(request);
      else ports.add(port);
    }
    return ports;
  }
}
