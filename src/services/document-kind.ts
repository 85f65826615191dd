/**
 * Documents of one kind, with a type: the store keeps any JSON, and what this kind reads is what it wrote. Every change goes through
 * `edit`, one atomic step, so two clients at the same time get answers that some order of the two allows.
 */
import { functionArn } from "../core/arn.ts";
import { type AwsError, notFound } from "../errors/aws-error.ts";
import type { Need, StoredDocument, Unmet } from "../store/document-port.ts";
import type { CodeUse, Page, PageRequest } from "../store/port.ts";
import type { ServiceContext, Services } from "./context.ts";

export interface Kept<Body> {
  readonly owner: string;
  readonly key: string;
  readonly body: Body;
  readonly code: CodeUse | null;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
}

export interface Place {
  /** A function's name, or "" for what belongs to the account. */
  readonly owner: string;
  readonly key: string;
}

/** What is put keeps the label that is there, unless it brings another. */
export type Change<Body> = { readonly put: Body; readonly label?: string; readonly code?: CodeUse } | "keep" | "delete";

export class DocumentKind<Body> {
  constructor(readonly kind: string) {}

  async find({ store }: Pick<Services, "store">, place: Place): Promise<Kept<Body> | undefined> {
    const found = await store.documents.find({ kind: this.kind, ...place });
    return found && keptOf<Body>(found);
  }

  async list(
    { store }: Pick<Services, "store">,
    input: PageRequest & { owner?: string; label?: string },
  ): Promise<Page<Kept<Body>>> {
    const page = await store.documents.list({ kind: this.kind, ...input });
    return { ...page, items: page.items.map((item) => keptOf<Body>(item)) };
  }

  /** All of them, page by page. */
  async *each(services: Pick<Services, "store">, input: { owner?: string; label?: string } = {}) {
    let after: string | undefined;
    do {
      const page: Page<Kept<Body>> = await this.list(services, { ...input, after, count: EACH_COUNT });
      yield* page.items;
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * Decides what becomes of one document by what is there. `change` depends on its argument alone and may throw the refusal.
   * @throws AwsError what `onUnmet` makes of a need that does not hold; by default 404 for a function.
   */
  async edit(
    ctx: ServiceContext,
    at: Place & { needs?: readonly Need[]; onUnmet?: (unmet: Unmet) => AwsError },
    change: (before: Kept<Body> | undefined) => Change<Body>,
  ): Promise<Kept<Body> | undefined> {
    const { owner, key, needs } = at;
    const edited = await ctx.store.documents.edit(
      { kind: this.kind, owner, key, needs, nowMs: ctx.clock.nowMs() },
      (before) => {
        const decided = change(before && keptOf<Body>(before));
        if (typeof decided === "string") return decided;
        const { put, label = before?.label ?? undefined, code = before?.code ?? undefined } = decided;
        return { put: { body: put, ...(label !== undefined && { label }), ...(code && { code }) } };
      },
    );
    if (edited.kind === "done") return edited.value && keptOf<Body>(edited.value);
    throw at.onUnmet?.(edited) ?? functionMissing(ctx, edited);
  }

  /** Puts it whatever was there before. */
  async put(ctx: ServiceContext, at: Parameters<this["edit"]>[1] & { label?: string; code?: CodeUse }, body: Body) {
    const { label, code } = at;
    const kept = await this.edit(ctx, at, () => ({
      put: body,
      ...(label !== undefined && { label }),
      ...(code && { code }),
    }));
    if (!kept) throw new Error(`The ${this.kind} that was put is not there`);
    return kept;
  }
}

const EACH_COUNT = 200;

function keptOf<Body>({ owner, key, body, code, createdAtMs, modifiedAtMs }: StoredDocument): Kept<Body> {
  return { owner, key, body: body as Body, code, createdAtMs, modifiedAtMs };
}

function functionMissing(ctx: ServiceContext, { need }: Unmet): Error {
  if (need.need !== "function") return new Error(`No refusal for the need of a ${need.need}`);
  return notFound("Function", functionArn(ctx.home, need.functionName, need.qualifier));
}
