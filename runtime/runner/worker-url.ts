/** Where the worker's code is: inside the executable under a fixed name, from source beside this file. */
export function workerUrl(): string {
  const compiled = Bun.main.startsWith("/$bunfs/") || /^[A-Z]:[/\\]~BUN/.test(Bun.main);
  return compiled ? "./runtime/worker/main.ts" : new URL("../worker/main.ts", import.meta.url).href;
}
