/** `lambent health`: the health check of containers and scripts. */
const TIMEOUT_MS = 3000;

/** @throws Error that says what is wrong. */
export async function checkHealth(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(new URL("/_lambent/health", url), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      tls: { rejectUnauthorized: false }, // nothing secret goes either way, and the certificate is for other names than this one
    });
  } catch {
    throw new Error(`Cannot reach a server at ${url}: is it running? Start one with: lambent serve`);
  }
  if (!response.ok) throw new Error(`The server at ${url} answers ${response.status}`);
  return await response.text();
}
