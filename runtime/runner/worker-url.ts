/**
 * Where the worker's code is: inside the executable under a fixed name, from source beside this file.
 * @param redirected it finds another folder under the name `/tmp`.
 */
export function workerUrl(redirected: boolean): string {
  const file = redirected ? "redirected.ts" : "main.ts";
  const compiled = Bun.main.startsWith("/$bunfs/") || /^[A-Z]:[/\\]~BUN/.test(Bun.main);
  return compiled ? `./runtime/worker/${file}` : new URL(`../worker/${file}`, import.meta.url).href;
}
