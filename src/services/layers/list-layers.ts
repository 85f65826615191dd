/** Lists of layers and of a layer's versions, whole or of those that suit a runtime or an architecture. */
import { layerArn } from "../../core/layer-arn.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { Page, PageRequest } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import type { DocumentKind, Kept } from "../document-kind.ts";
import { nextMarker, readPage } from "../paging.ts";
import { type LayerVersion, layers, layerVersionItem, layerVersions, readLayerName } from "./layer-versions.ts";

type Filter = Pick<InputOf<"ListLayers">, "CompatibleRuntime" | "CompatibleArchitecture">;

/** By name, each with its newest version that suits; layers without one are left out. */
export async function listLayers(ctx: ServiceContext, input: InputOf<"ListLayers">): Promise<OutputOf<"ListLayers">> {
  const page = await pageOf(ctx, { kind: layers, page: readPage(input) }, async ({ key: name }) => {
    const newest = await newestOf(ctx, name, input);
    if (!newest) return undefined;
    const LatestMatchingVersion = layerVersionItem(ctx.home, newest);
    return { LayerName: name, LayerArn: layerArn(ctx.home, name), LatestMatchingVersion };
  });
  return { ...nextMarker(page.next), Layers: [...page.items] };
}

/** Newest first. A layer that nobody published has none. */
export async function listLayerVersions(
  ctx: ServiceContext,
  input: InputOf<"ListLayerVersions">,
): Promise<OutputOf<"ListLayerVersions">> {
  const label = readLayerName(ctx, input.LayerName);
  const page = await pageOf(ctx, { kind: layerVersions, label, page: readPage(input) }, async (kept) =>
    suits(kept.body, input) ? layerVersionItem(ctx.home, kept) : undefined,
  );
  return { ...nextMarker(page.next), LayerVersions: [...page.items] };
}

async function newestOf(ctx: ServiceContext, name: string, filter: Filter): Promise<Kept<LayerVersion> | undefined> {
  const page = await pageOf(ctx, { kind: layerVersions, label: name, page: { count: 1 } }, async (kept) =>
    suits(kept.body, filter) ? kept : undefined,
  );
  return page.items[0];
}

/** A version that says nothing of runtimes or architectures suits only who asks for none. */
const suits = (
  { compatibleRuntimes = [], compatibleArchitectures = [] }: LayerVersion,
  { CompatibleRuntime, CompatibleArchitecture }: Filter,
): boolean =>
  (CompatibleRuntime === undefined || compatibleRuntimes.includes(CompatibleRuntime)) &&
  (CompatibleArchitecture === undefined || compatibleArchitectures.includes(CompatibleArchitecture));

const BATCH_COUNT = 50;

/** A page of what `pick` makes of the account's documents of a kind, in their order, leaving out where it makes nothing. */
async function pageOf<Body, Item>(
  ctx: ServiceContext,
  from: { kind: DocumentKind<Body>; label?: string; page: PageRequest },
  pick: (kept: Kept<Body>) => Promise<Item | undefined>,
): Promise<Page<Item>> {
  const { kind, label, page } = from;
  const items: Item[] = [];
  let { after } = page;
  let last: string | undefined;
  for (;;) {
    const batch = await kind.list(ctx, { owner: "", ...(label !== undefined && { label }), after, count: BATCH_COUNT });
    for (const kept of batch.items) {
      const item = await pick(kept);
      if (item === undefined) continue;
      if (items.length === page.count && last !== undefined) return { items, next: last };
      items.push(item);
      last = `${kept.owner}/${kept.key}`;
    }
    if (batch.next === undefined) return { items };
    after = batch.next;
  }
}
