/**
 * Listens, with TLS where there is a certificate. One that changes on disk, or a SIGHUP, is taken over by a second listener on the same
 * port: `Bun.serve` has no other way (github.com/oven-sh/bun/issues/43815). The first one stops to accept and answers what it has.
 */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Peer } from "./api/peer.ts";
import type { Config } from "./config.ts";
import type { BodyBudget } from "./core/body-budget.ts";
import type { Log } from "./core/log.ts";
import { ConnectionCap } from "./serve-connection-cap.ts";
import { UnderWay } from "./serve-under-way.ts";

/** A certificate, key or address that cannot be used; the message says what is wrong. */
export class ListenError extends Error {}

export interface ListenParts {
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly bodyBytesMax: number;
  /** For a head after the first one, for a body, and for an answer to be taken. */
  readonly idleSeconds: number;
  readonly bodies: BodyBudget;
  readonly log: Log;
}

export interface Listener {
  readonly port: number;
  readonly pendingRequests: number;
  /** No new connections; `force` ends those that are there. */
  stop(force?: boolean): Promise<void>;
}

type Tls = { readonly cert: string; readonly key: string };

interface Parts extends ListenParts {
  readonly underWay: UnderWay;
}

const LOOK_MS = 2000;
/**
 * Connections that the first listener has not accepted yet when it stops are lost. All that came while the second one was made are
 * accepted after this time; of those that come in the instant itself one may have to try again.
 */
const HANDOVER_MS = 100;

/** @throws ListenError */
export function listen(config: Config, parts: ListenParts): Listener {
  const { tlsCert, tlsKey } = config;
  const underWay = new UnderWay();
  const listener =
    tlsCert === null || tlsKey === null
      ? listenPlainly(config, { ...parts, underWay })
      : listenWithTls(config, { ...parts, underWay }, { tlsCert, tlsKey });
  const cap = ConnectionCap.start({
    countMax: config.connectionsMax,
    ports: new Set([listener.port]),
    busyPorts: () => underWay.peerPorts(),
    log: parts.log,
  });
  return {
    port: listener.port,
    get pendingRequests() {
      return listener.pendingRequests;
    },
    stop(force) {
      cap.stop();
      return listener.stop(force);
    },
  };
}

function listenPlainly(config: Config, parts: Parts): Listener {
  const server = serveOn(config, parts, { port: config.port });
  return {
    port: server.port ?? config.port,
    get pendingRequests() {
      return server.pendingRequests;
    },
    stop: (force) => server.stop(force),
  };
}

function listenWithTls(config: Config, parts: Parts, files: { tlsCert: string; tlsKey: string }): Listener {
  let tls = readTls(files);
  // Without the option that lets two listen on one port: so another program's port is seen to be taken.
  const probe = serveOn(config, parts, { port: config.port, tls });
  const port = probe.port ?? config.port;
  void probe.stop(true);
  const open = (): Bun.Server<undefined> => serveOn(config, parts, { port, tls, reusePort: true });
  const servers = new Set([open()]);
  const reload = (): void => {
    try {
      const fresh = readTls(files);
      if (fresh.cert === tls.cert && fresh.key === tls.key) return;
      tls = fresh;
      const before = [...servers];
      servers.add(open());
      setTimeout(() => {
        for (const server of before) void server.stop().then(() => servers.delete(server));
      }, HANDOVER_MS);
      parts.log.info("The TLS certificate was replaced");
    } catch (error) {
      parts.log.error({ err: error }, "Cannot take over the TLS certificate that changed: the one before stays");
    }
  };
  const paths = Object.values(files);
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, reload);
  process.on("SIGHUP", reload);
  return {
    port,
    get pendingRequests() {
      return [...servers].reduce((sum, server) => sum + server.pendingRequests, 0);
    },
    async stop(force) {
      for (const path of paths) unwatchFile(path, reload);
      process.off("SIGHUP", reload);
      await Promise.all([...servers].map((server) => server.stop(force)));
    },
  };
}

/** @throws ListenError unless both are there and belong together. */
function readTls({ tlsCert, tlsKey }: { tlsCert: string; tlsKey: string }): Tls {
  const read = (path: string, what: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new ListenError(`Cannot read the TLS ${what}: ${(cause as Error).message}`, { cause });
    }
  };
  const tls = { cert: read(tlsCert, "certificate"), key: read(tlsKey, "key") };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new ListenError(
      `Cannot use the TLS certificate ${tlsCert} with the key ${tlsKey}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return tls;
}

function serveOn(
  { host }: Config,
  { fetch, bodyBytesMax, idleSeconds, bodies, underWay }: Parts,
  { port, tls, reusePort = false }: { port: number; tls?: Tls; reusePort?: boolean },
): Bun.Server<undefined> {
  const peer: Peer = {
    timeout(request, seconds) {
      if (seconds === 0) underWay.begin(request, server);
      else underWay.end(request);
      server.timeout(request, seconds);
    },
    requestIP: (request) => server.requestIP(request),
    idleSeconds,
    bodies,
  };
  let server: Bun.Server<undefined>;
  try {
    server = Bun.serve({
      hostname: host,
      port,
      fetch: (request) => fetch(request, peer),
      idleTimeout: idleSeconds,
      maxRequestBodySize: bodyBytesMax,
      ...(tls && { tls }),
      ...(reusePort && { reusePort }),
    });
    return server;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "EADDRINUSE"
        ? "another program listens there; choose another --port, or 0 for a free one"
        : code === "EACCES"
          ? "the system does not allow it; ports below 1024 need privileges"
          : "this machine has no such address; check --host";
    throw new ListenError(`Cannot listen on ${host}:${port}: ${why}`, { cause: error });
  }
}
