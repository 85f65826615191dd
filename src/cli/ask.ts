/**
 * One request to a running server, as the commands make it: signed with the key in AWS's variables, or else with the host's own, which
 * follows from the key file in the server's data folder. A server that asks for no keys does not look at it.
 */
import { AwsClient } from "aws4fetch";
import type { Command } from "commander";
import { type ClientSettings, readClientSettings } from "../config-client.ts";
import { readKeyFile } from "../security/key-file.ts";
import { type Credentials, hostCredentials } from "../security/keys/credentials.ts";

const TIMEOUT_MS = 60_000;

export interface Ask {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

type Access = ReturnType<typeof readClientSettings>;

/** Adds a command with the options that all have which ask a server. */
export const serverCommand = (parent: Command, words: string, description: string): Command =>
  parent
    .command(words)
    .description(description)
    .option("--url <url>", "the server's address (default: this machine's, at LAMBENT_PORT or 4566)")
    .option(
      "--data-dir <path>",
      "its data folder, whose key file lets in its host (LAMBENT_DATA_DIR; default: ./.lambent)",
    )
    .option("--key-file <path>", "the key file, where it is not in there (LAMBENT_KEY_FILE)")
    .option("--region <name>", "its region (LAMBENT_REGION; default: us-east-1)")
    .option("--tls-ca <path>", "who signed its certificate, PEM (LAMBENT_TLS_CA)")
    .exitOverride();

/** Answers the JSON of the answer's body. @throws Error that says what is wrong. */
export async function ask(given: ClientSettings, what: Ask): Promise<unknown> {
  const access = readClientSettings(given);
  const candidates = access.credentials ? [access.credentials] : readKeyFile(access.keyFile).map(hostCredentials);
  let response = await send(access, what, candidates[0]);
  // A key that was put first into the file is the server's only once it was started again.
  for (const credentials of candidates.slice(1)) {
    if (response.status !== 403) break;
    response = await send(access, what, credentials);
  }
  return await read(access, response);
}

async function send(
  { url, region, tlsCa }: Access,
  { method, path, body }: Ask,
  credentials: Credentials | undefined,
): Promise<Response> {
  const target = new URL(path, url).href;
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const request = credentials
    ? await new AwsClient({ ...credentials, region, service: "lambda" }).sign(target, init)
    : new Request(target, init);
  try {
    return await fetch(request, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(tlsCa !== undefined && { tls: { ca: Bun.file(tlsCa) } }),
    });
  } catch (cause) {
    const why = cause instanceof Error && /certificate/i.test(cause.message) ? ` (${cause.message}; see --tls-ca)` : "";
    throw new Error(`Cannot reach a server at ${url}${why}: is it running? Start one with: lambent serve`, { cause });
  }
}

async function read({ url, credentials, keyFile }: Access, response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const said = answer as { message?: string; Message?: string } | undefined; // AWS's refusals spell it both ways
  const text = said?.message ?? said?.Message ?? `The server at ${url} answers ${response.status}`;
  if (response.status !== 403 || credentials) throw new Error(text);
  throw new Error(
    `${text} (no key is in AWS_ACCESS_KEY_ID, and ${keyFile} is not the key file of that server: name its --data-dir or --key-file)`,
  );
}
