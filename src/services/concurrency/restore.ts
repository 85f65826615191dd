import type { Services } from "../context.ts";
import { applyReserved } from "./function-concurrency.ts";
import { keepProvisioned } from "./keep-provisioned.ts";
import { provisionedConfigs } from "./provisioned-configs.ts";

const PAGE_COUNT = 500;

/** At start-up, before the first call: what is reserved is reserved again, and what is provisioned begins to start. */
export async function restoreConcurrency(services: Services): Promise<void> {
  let after: string | undefined;
  do {
    const page = await services.store.functions.listReserved({ after, count: PAGE_COUNT });
    for (const { name } of page.items) await applyReserved(services, name);
    after = page.next;
  } while (after !== undefined);
  const owners = new Set<string>();
  for await (const { owner } of provisionedConfigs.each(services)) owners.add(owner);
  for (const owner of owners) keepProvisioned(services, owner);
}
