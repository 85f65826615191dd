/** Where the thread's code is: inside the executable under a fixed name, from source beside this file. */
export function guardThreadUrl(): string {
  const compiled = Bun.main.startsWith("/$bunfs/");
  return compiled ? "./src/sandbox/guard/guard-thread.ts" : new URL("./guard-thread.ts", import.meta.url).href;
}
