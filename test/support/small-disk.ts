/** A file system of a few megabytes, in a mount namespace of its own that goes with its holder: nothing has to be unmounted. */
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  /** Where it is for what `prefix` starts. */
  readonly path: string;
  /** Starts a command that sees it. */
  readonly prefix: readonly string[];
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  free(): Promise<void>;
  stop(): Promise<void>;
}

const CHUNK = Buffer.alloc(4096, 1);

/** Undefined where neither root nor a user namespace can be had. */
export async function makeSmallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), "lambent-small-"));
  const isRoot = process.getuid?.() === 0;
  const mount = `mount -t tmpfs -o size=${mebibytes}m none ${path} && echo ready && exec cat`;
  let holder: Bun.Subprocess<"pipe", "pipe", "ignore">;
  try {
    holder = Bun.spawn(["unshare", isRoot ? "-m" : "-Urm", "sh", "-c", mount], {
      stdin: "pipe", // and when this process ends, so does the holder
      stdout: "pipe",
      stderr: "ignore",
    });
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  const { value } = await holder.stdout.getReader().read();
  if (!value) {
    await rm(path, { recursive: true });
    return undefined;
  }
  const ballast = `/proc/${holder.pid}/root${path}/ballast`;
  return {
    path,
    prefix: ["nsenter", "-t", String(holder.pid), "-m", ...(isRoot ? [] : ["-U", "--preserve-credentials"]), "--"],
    fill() {
      const file = openSync(ballast, "a");
      try {
        for (;;) writeSync(file, CHUNK);
      } catch {
        // it is full
      } finally {
        closeSync(file);
      }
    },
    free: () => rm(ballast, { force: true }),
    async stop() {
      holder.kill("SIGKILL");
      await holder.exited;
      await rm(path, { recursive: true });
    },
  };
}
