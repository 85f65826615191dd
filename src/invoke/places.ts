/** Where a function's folders are: on the host, and as its handler sees them. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nodeFolder } from "../core/layered-code.ts";
import { MIB } from "../core/limits.ts";
import type { View, Walls } from "../sandbox/walls/walls.ts";
import type { ExecutionSpec } from "./invocation.ts";

const TASK_ROOT = "/var/task";
const OPT = "/opt";
const BUNDLE = "/var/runtime/bundle";

export interface Places {
  /** With its paths as the handler sees them. */
  readonly spec: ExecutionSpec;
  readonly view: View;
}

/** AWS's paths where the walls can mount; elsewhere everything stays where it is. */
export function placesOf(spec: ExecutionSpec, walls: Pick<Walls, "canMount">): Places {
  const { taskRoot, opt, entry, runtime } = spec;
  const temporaryBytes = spec.ephemeralStorageMib * MIB;
  const bundle = entry === undefined ? [] : [{ path: dirname(entry), at: BUNDLE }];
  if (!walls.canMount) {
    // Links above the code lead to the layers' modules.
    const code = opt ? dirname(dirname(taskRoot)) : taskRoot;
    const folders = [code, ...(opt ? [opt.path] : [])].map((path) => ({ path, at: path }));
    return { spec, view: { folders: [...folders, ...bundle], links: [], temporaryBytes } };
  }
  return {
    spec: {
      ...spec,
      taskRoot: TASK_ROOT,
      ...(opt && { opt: { ...opt, path: OPT } }),
      ...(entry !== undefined && { entry: join(BUNDLE, basename(entry)) }),
    },
    view: {
      folders: [{ path: taskRoot, at: TASK_ROOT }, ...(opt ? [{ path: opt.path, at: OPT }] : []), ...bundle],
      links: opt ? linksToModules(opt.path, runtime) : [],
      temporaryBytes,
    },
  };
}

/** `import` of a bare name looks in the folders above the code: there it finds the layers' modules, those for this Node.js first. */
function linksToModules(opt: string, runtime: string): View["links"] {
  const folders = [`nodejs/${nodeFolder(runtime)}/node_modules`, "nodejs/node_modules"];
  const there = folders.filter((folder) => existsSync(join(opt, folder)));
  const above = ["/var/node_modules", "/node_modules"];
  return there.map((folder, nearness) => ({ at: above[nearness] ?? "", to: join(OPT, folder) }));
}
