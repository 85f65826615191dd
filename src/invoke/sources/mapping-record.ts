/** An event source mapping as the service verbs keep it, as far as polling goes. */
import type { Store } from "../../store/port.ts";

const MAPPING_KIND = "event-source-mapping";

export interface MappingRecord {
  readonly functionName: string;
  readonly qualifier: string | null;
  readonly eventSourceArn: string | null;
  readonly enabled: boolean;
  readonly settings: {
    readonly BatchSize?: number;
    readonly MaximumBatchingWindowInSeconds?: number;
    readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern?: string }[] };
    readonly FunctionResponseTypes?: readonly string[];
    readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  };
}

export async function findMapping(store: Store, uuid: string): Promise<MappingRecord | undefined> {
  const found = await store.documents.find({ kind: MAPPING_KIND, owner: "", key: uuid });
  return found?.body as MappingRecord | undefined;
}

const PAGE = 200;

export async function mappingIds(store: Store): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.documents.list({ kind: MAPPING_KIND, owner: "", after, count: PAGE });
    ids.push(...page.items.map(({ key }) => key));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

export const isQueueArn = (arn: string | null): arn is string => arn?.split(":")[2] === "sqs";
