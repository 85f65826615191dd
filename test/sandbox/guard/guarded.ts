/** A process under the filter that asks: says when its listener is handed over, waits for a line, and then does what its third argument names. */
import { installAskingFilter } from "../../../runtime/runner/asking-filter.ts";

installAskingFilter(process.argv[2] ?? "");
console.log("ready");
for await (const _ of console) break;
const source = process.argv[3] ?? "";
const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => () => Promise<unknown>;
try {
  console.log(JSON.stringify({ value: await new AsyncFunction(source)() }));
} catch (error) {
  console.log(JSON.stringify({ code: (error as NodeJS.ErrnoException).code ?? String(error) }));
}
process.exit();
