/** Where a running server is, and as whom it is asked: options of a command, completed from the environment. */
import { join, resolve } from "node:path";
import { SETTINGS } from "./config.ts";

/** Where a server that was started with the same environment listens. */
export function localServerUrl(): string {
  const { env } = process;
  const scheme = env[SETTINGS.tlsCert.env] ? "https" : "http";
  return `${scheme}://127.0.0.1:${env[SETTINGS.port.env] ?? SETTINGS.port.fallback}`;
}

/** Options of a command that asks a running server, as they are typed. */
export interface ClientSettings {
  readonly url?: string;
  readonly dataDir?: string;
  readonly keyFile?: string;
  readonly region?: string;
  readonly tlsCa?: string;
}

/** Completes them from the environment, where a server of this machine has its own settings. */
export function readClientSettings(given: ClientSettings) {
  const { env } = process;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const dataDirectory = given.dataDir ?? env[SETTINGS.dataDirectory.env] ?? SETTINGS.dataDirectory.fallback ?? "";
  return {
    url: given.url ?? localServerUrl(),
    region: given.region ?? env[SETTINGS.region.env] ?? SETTINGS.region.fallback ?? "",
    keyFile: resolve(given.keyFile ?? env[SETTINGS.keyFile.env] ?? join(dataDirectory, "lambent.key")),
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    tlsCa: given.tlsCa ?? env["LAMBENT_TLS_CA"],
  };
}
