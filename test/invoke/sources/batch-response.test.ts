import { expect, test } from "bun:test";
import { readBatchResponse } from "../../../src/invoke/sources/batch-response.ts";

const IDS = new Set(["a", "b", "c"]);

test.each<[string, string[] | "all"]>([
  ["", []],
  ["null", []],
  ["{}", []],
  ['{"batchItemFailures":[]}', []],
  ['{"batchItemFailures":null}', []],
  ['{"other":1}', []],
  ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', ["b"]],
  ['{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}', ["a", "b"]],
  ["{", "all"],
  ['"ok"', "all"],
  ["7", "all"],
  ["[]", "all"],
  ['{"batchItemFailures":"a"}', "all"],
  ['{"batchItemFailures":{"itemIdentifier":"a"}}', "all"],
  ['{"batchItemFailures":["a"]}', "all"],
  ['{"batchItemFailures":[null]}', "all"],
  ['{"batchItemFailures":[{"itemIdentifier":""}]}', "all"],
  ['{"batchItemFailures":[{"itemIdentifier":null}]}', "all"],
  ['{"batchItemFailures":[{"itemidentifier":"a"}]}', "all"],
  ['{"batchItemFailures":[{"itemIdentifier":1}]}', "all"],
  ['{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"ghost"}]}', "all"],
])("of a batch that was answered %s failed: %p", (answer, failed) => {
  const end = readBatchResponse(Buffer.from(answer), IDS);
  expect(end.kind === "failed" ? "all" : [...end.failedIds].sort()).toEqual(failed);
});
