import { expect, test } from "bun:test";
import { join } from "node:path";
import { descendantsOf, isAlive } from "../support/processes.ts";
import { until } from "../support/until.ts";

test.each(["SIGKILL", "SIGTERM"] as const)(
  "when its control plane is ended by %s, a runner ends with all its children, be it idle and frozen, looping or waiting",
  async (signal) => {
    const host = Bun.spawn([process.execPath, join(import.meta.dir, "lifeline-host.ts")], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const { value } = await host.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("ready\n");
    const entries = descendantsOf(host.pid);
    expect(entries.length).toBeGreaterThanOrEqual(7);
    host.kill(signal);
    await host.exited;
    await until("all are gone", () => !entries.some(isAlive));
  },
);
