/** Makers of what the contract's tests put in. Ids count up, so that a test can tell one revision from another. */
import { expect } from "bun:test";
import { LATEST, type StateReason } from "../../../src/core/states.ts";
import type { Alias, CodeUse, FunctionSettings, FunctionVersion, LayerUse, Store } from "../../../src/store/port.ts";

export const CREATING: StateReason = { reason: "The function is being created.", code: "Creating" };
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;
export const NOW_MS = 1_700_000_000_000;

let revisions = 0;
export const revision = (): string => `revision-${++revisions}`;

/** The same digest for the same seed. */
export const code = (seed: string, bytes = 100): CodeUse => ({
  sha256: new Bun.CryptoHasher("sha256").update(seed).digest("base64"),
  bytes,
});

/** A layer whose package has the digest of that seed. */
export const layer = (seed: string): LayerUse => ({
  arn: `arn:layer:${seed}:1`,
  sha256: code(seed).sha256,
  codeBytes: 5,
  unzippedBytes: 9,
});

export const settings = (change: Partial<FunctionSettings> = {}): FunctionSettings => ({
  runtime: "nodejs22.x",
  role: "arn:aws:iam::000000000000:role/any",
  handler: "index.handler",
  description: "",
  timeoutSeconds: 3,
  memoryMib: 128,
  ephemeralStorageMib: 512,
  environment: null,
  kmsKeyArn: null,
  tracingMode: "PassThrough",
  layers: [],
  architecture: "x86_64",
  deadLetterTargetArn: null,
  snapStartApplyOn: "None",
  vpcConfig: null,
  fileSystemConfigs: null,
  loggingConfig: null,
  imageConfig: null,
  tenancyConfig: null,
  durableConfig: null,
  sourceKmsKeyArn: null,
  ...change,
});

export const latestOf = (functionName: string, change: Partial<FunctionVersion> = {}): FunctionVersion => ({
  functionName,
  version: LATEST,
  revisionId: revision(),
  settings: settings(),
  code: code(functionName),
  state: "Pending",
  stateReason: CREATING,
  updateStatus: null,
  updateStatusReason: null,
  lastModifiedMs: NOW_MS,
  ...change,
});

export function create(
  store: Store,
  latest: FunctionVersion,
  options: { published?: FunctionVersion; codeBytesMax?: number } = {},
) {
  const record = {
    name: latest.functionName,
    createdAtMs: NOW_MS,
    tags: {},
    versionNext: 1,
    reservedConcurrency: null,
  };
  return store.functions.create({
    record,
    latest,
    published: options.published,
    codeBytesMax: options.codeBytesMax ?? UNBOUNDED,
  });
}

/** Makes a function whose `$LATEST` is Active. */
export async function createActive(store: Store, name: string, change: Partial<FunctionVersion> = {}) {
  const latest = latestOf(name, { state: "Active", stateReason: null, updateStatus: "Successful", ...change });
  expect((await create(store, latest)).kind).toBe("done");
  return latest;
}

export type UpdateInput = Parameters<Store["functions"]["updateLatest"]>[0];

export const update = (store: Store, functionName: string, input: Partial<UpdateInput>) =>
  store.functions.updateLatest({
    functionName,
    revisionId: revision(),
    nowMs: NOW_MS + 1,
    reason: CREATING,
    change: {},
    codeBytesMax: UNBOUNDED,
    ...input,
  });

/** Updates `$LATEST` and settles it, so that it can be changed or published next. */
export async function updateAndSettle(store: Store, functionName: string, input: Partial<UpdateInput>) {
  expect((await update(store, functionName, input)).kind).toBe("done");
  await settle(store, functionName, LATEST);
}

export async function settle(store: Store, functionName: string, version: string, failure?: StateReason) {
  const found = await store.functions.findVersion({ functionName, version });
  return store.functions.settle({
    functionName,
    version,
    expectedRevisionId: found?.revisionId ?? "none",
    revisionId: revision(),
    failure,
  });
}

export type PublishInput = Parameters<Store["functions"]["publish"]>[0];

export const publish = (store: Store, functionName: string, input: Partial<PublishInput> = {}) =>
  store.functions.publish({
    functionName,
    revisionId: revision(),
    latestRevisionId: revision(),
    nowMs: NOW_MS + 2,
    reason: CREATING,
    codeBytesMax: UNBOUNDED,
    ...input,
  });

/** Publishes, expects it done, and answers the version's name. */
export async function published(store: Store, functionName: string, input: Partial<PublishInput> = {}) {
  return doneValue(await publish(store, functionName, input)).version;
}

export const alias = (functionName: string, name: string, change: Partial<Alias> = {}): Alias => ({
  functionName,
  name,
  version: LATEST,
  description: "",
  weights: {},
  revisionId: revision(),
  ...change,
});

/** The value of an answer that has to be "done". */
export function doneValue<T>(answer: { kind: "done"; value: T } | { kind: string }): T {
  expect(answer.kind).toBe("done");
  return (answer as { value: T }).value;
}

/** All pages, one after the other. */
export async function allPages<T>(
  list: (after: string | undefined) => Promise<{ items: readonly T[]; next?: string }>,
): Promise<T[][]> {
  const pages: T[][] = [];
  let after: string | undefined;
  do {
    const page = await list(after);
    pages.push([...page.items]);
    after = page.next;
  } while (after !== undefined);
  return pages;
}
