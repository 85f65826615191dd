import type { ControlGroup } from "./control-groups.ts";
import { childrenOf } from "./process-tree.ts";

/** The system tells nobody that a process has started another. */
const LOOK_EVERY_MS = 1;

/**
 * Puts a process into its group before it runs anybody's code: as soon as it is there, so that this and its own beginning take the time of one.
 * It stands `levels` below `root`, where each has a single child. @throws Error when it has ended before.
 */
export async function joinGroup(
  group: ControlGroup,
  { root, levels, hasEnded }: { readonly root: number; readonly levels: number; hasEnded(): boolean },
): Promise<void> {
  let pid = root;
  for (let level = 0; level < levels; ) {
    const [child] = childrenOf(pid);
    if (child !== undefined) {
      pid = child;
      level++;
    } else if (hasEnded()) throw new Error("Cannot put the process into its control group: it has ended");
    else await Bun.sleep(LOOK_EVERY_MS);
  }
  await group.take(pid);
}
