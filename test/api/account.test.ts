import { expect, test } from "bun:test";
import { OPERATIONS } from "../../src/shapes/operations.ts";
import { appForEach, startApp } from "../support/app.ts";

const app = appForEach({ concurrencyMax: 300, codeBytesMax: 10_000_000 });
const settings = async () => (await app().send("GET", "/2016-08-19/account-settings")).body;

test("GetAccountSettings tells the limits of this server, and what is used of them", async () => {
  expect(await settings()).toEqual({
    AccountLimit: {
      TotalCodeSize: 10_000_000,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: 300,
      UnreservedConcurrentExecutions: 300,
    },
    AccountUsage: { TotalCodeSize: 0, FunctionCount: 0 },
  });
  const { body } = await app().createFunction("f", { Publish: true });
  await app().send("PUT", "/2017-10-31/functions/f/concurrency", { ReservedConcurrentExecutions: 40 });
  expect(await settings()).toMatchObject({
    AccountLimit: { UnreservedConcurrentExecutions: 260 },
    AccountUsage: { TotalCodeSize: 2 * body.CodeSize, FunctionCount: 1 },
  });
});

test("CreateFunction refuses code beyond the account's limit", async () => {
  const small = await startApp({ codeBytesMax: 100 });
  try {
    const refused = await small.createFunction("f").catch((error: unknown) => String(error));
    expect(refused).toContain("Code storage limit exceeded.");
  } finally {
    await small.close();
  }
});

test("capabilities says of each operation whether it is real, stored or absent", async () => {
  const { operations } = (await app().send("GET", "/_lambent/capabilities")).body;
  expect(Object.keys(operations).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(operations).toMatchObject({
    PublishVersion: "real",
    UpdateAlias: "real",
    PutProvisionedConcurrencyConfig: "real",
    TagResource: "real",
    PutFunctionEventInvokeConfig: "real",
    PutFunctionScalingConfig: "stored",
    GetRuntimeManagementConfig: "stored",
    CreateCapacityProvider: "absent",
    GetDurableExecution: "absent",
  });
});
