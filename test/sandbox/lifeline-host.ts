/** A control plane to be killed: runs one idle and one looping function, a child of each, prints their pids, and waits. */
import { specOf, startDispatcher } from "../support/dispatcher.ts";
import { descendantsOf } from "../support/processes.ts";
import { until } from "../support/until.ts";

const { call, dispatcher } = startDispatcher();
const children = specOf("hostile-children", { timeoutMs: 60_000 });
await call(children, { trick: "leaveChild" });
void call(specOf("hostile-loops", { timeoutMs: 60_000 }), { trick: "endlessLoop" });
void call(specOf("hostile-children", { timeoutMs: 60_000 }), { trick: "manyAndHang", count: 3 });
const frozen = () => descendantsOf(process.pid).filter((entry) => entry.state === "T").length >= 1;
await until(
  "all are there, and the idle one is frozen",
  () => descendantsOf(process.pid).length >= 7 && frozen(),
  10_000,
);
await until("two run", () => dispatcher.census().byState["busy"] === 2);
console.log("ready");
setInterval(() => {}, 1000);
