/** One request to a running server, as the commands make it. */

const TIMEOUT_MS = 60_000;

/** Answers the JSON of the answer's body. @throws Error that says what is wrong. */
export async function ask(
  url: string,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Error(`Cannot reach a server at ${url}: is it running? Start one with: lambent serve`);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const said = answer as { message?: string; Message?: string } | undefined; // AWS's refusals spell it both ways
  throw new Error(said?.message ?? said?.Message ?? `The server at ${url} answers ${response.status}`);
}
