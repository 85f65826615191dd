/** The part of the port that keeps whatever else is configured, as documents. */
import type { CodeUse, Done, Page, PageRequest } from "./port.ts";

/**
 * Everything else that is configured: one JSON document under (kind, owner, key). The owner is a function's name, or "" for
 * what belongs to the account; a function's documents go when it goes, and one whose key is a version's number or an alias's
 * name goes with that. A document whose thing is a package (a layer version) says so in `code`, which counts it in `usage` and
 * keeps the package from the sweep. Its `label` is another name to find it by, which several may share.
 */
export interface DocumentStore {
  put(input: DocumentChange): Promise<StoredDocument>;
  find(key: DocumentKey): Promise<StoredDocument | undefined>;
  /** By owner, then key. */
  list(
    input: PageRequest & { kind: string; owner?: string | undefined; label?: string | undefined },
  ): Promise<Page<StoredDocument>>;
  /** False when there was none. */
  delete(key: DocumentKey): Promise<boolean>;
  /** Puts only while the document's revision is `expectedRevision` (null: while there is none). */
  replace(input: DocumentChange & { expectedRevision: number | null }): Promise<StoredDocument | undefined>;
  /**
   * Shows `change` what is there and does what it answers, in one step, if all `needs` are met. `change` depends on its argument
   * alone and may be asked again; what it throws is thrown, and nothing happened. Answers what is there afterwards.
   */
  edit(
    input: DocumentKey & { nowMs: number; needs?: readonly Need[] | undefined },
    change: (before: StoredDocument | undefined) => DocumentEdit,
  ): Promise<Done<StoredDocument | undefined> | Unmet>;
}

export interface DocumentKey {
  readonly kind: string;
  readonly owner: string;
  readonly key: string;
}

/** The whole document: a put without `code` leaves none. */
export interface DocumentChange extends DocumentKey {
  /** Any JSON value but null. */
  readonly body: unknown;
  readonly code?: CodeUse | undefined;
  readonly label?: string | undefined;
  readonly nowMs: number;
}

export type DocumentEdit = { readonly put: Pick<DocumentChange, "body" | "code" | "label"> } | "keep" | "delete";

export interface StoredDocument extends DocumentKey {
  readonly body: unknown;
  readonly code: CodeUse | null;
  readonly label: string | null;
  /** Counts the puts, from 1. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
}

/** What else has to hold for a change to happen; it is asked in the same step. */
export type Need =
  /** The function is there, and so is its version or alias of the name `qualifier`. */
  | { readonly need: "function"; readonly functionName: string; readonly qualifier?: string | undefined }
  | { readonly need: "document"; readonly key: DocumentKey }
  /** The account's code may grow by so many bytes. */
  | { readonly need: "code-room"; readonly bytes: number; readonly codeBytesMax: number }
  /** No document of the kind bears the label, the one that is changed aside. */
  | { readonly need: "label-free"; readonly kind: string; readonly label: string };

/** The first need that does not hold; `holder` is who bears the label. */
export interface Unmet {
  readonly kind: "unmet";
  readonly need: Need;
  readonly holder?: StoredDocument | undefined;
}
