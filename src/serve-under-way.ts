/** The requests that are under way, so that their connections are the last to be ended. */

const SWEEP_FROM = 1000;

/** Answers null for a request that is over. */
interface Server {
  requestIP(request: Request): { readonly port: number } | null;
}

/** So many are looked through: a map from which every call takes what it put there costs each 2 µs. */
const FEW = 128;

export class UnderWay {
  readonly #few: { readonly requests: Request[]; readonly servers: Server[] } = { requests: [], servers: [] };
  readonly #more = new Map<Request, Server>();
  #sweepFrom = SWEEP_FROM;

  begin(request: Request, server: Server): void {
    const { requests, servers } = this.#few;
    if (requests.length < FEW) {
      requests.push(request);
      servers.push(server);
      return;
    }
    this.#more.set(request, server);
    if (this.#more.size <= this.#sweepFrom) return;
    this.peerPorts();
    this.#sweepFrom = Math.max(SWEEP_FROM, this.#more.size * 2);
  }

  /** Need not be said: an answer that is a stream has an end that nobody is told of. */
  end(request: Request): void {
    const at = this.#few.requests.indexOf(request);
    if (at >= 0) this.#remove(at);
    else this.#more.delete(request);
  }

  /** Of the clients. Two of different addresses may have the same one. Forgets what is over. */
  peerPorts(): Set<number> {
    const ports = new Set<number>();
    const { requests, servers } = this.#few;
    for (let at = requests.length - 1; at >= 0; at--) {
      const [request, server] = [requests[at], servers[at]];
      const port = request && server?.requestIP(request)?.port;
      if (port === undefined) this.#remove(at);
      else ports.add(port);
    }
    for (const [request, server] of this.#more) {
      const port = server.requestIP(request)?.port;
      if (port === undefined) this.#more.delete(request);
      else ports.add(port);
    }
    return ports;
  }

  /** The last one takes its place. */
  #remove(at: number): void {
    const { requests, servers } = this.#few;
    const [request, server] = [requests.pop(), servers.pop()];
    if (at === requests.length || !request || !server) return;
    requests[at] = request;
    servers[at] = server;
  }
}
