/** The hidden commands as they are from source. */
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export const BUNDLER_COMMAND = [process.execPath, MAIN, "bundler"];
export const RUNNER_COMMAND = [process.execPath, MAIN, "runner"];
