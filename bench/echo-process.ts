/** The benchmark's hold on the echo that everything is compared with. */
import { join } from "node:path";
import { end, keep } from "./processes.ts";

export interface Echo {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startEcho(): Promise<Echo> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = keep(
    Bun.spawn([process.execPath, join(import.meta.dir, "echo.ts")], {
      stdio: ["ignore", "inherit", "inherit"],
      ipc: resolve,
      onExit: () => reject(new Error("Cannot start the echo: it ended")),
    }),
  );
  return { pid: child.pid, port: await promise, stop: () => end(child) };
}
