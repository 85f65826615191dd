/** What is done about a function that calls itself in a loop. */
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";
import { readReference, requireFunction } from "../functions/reference.ts";

interface Recursion {
  readonly loop: "Allow" | "Terminate";
}

const recursions = new DocumentKind<Recursion>("recursion");

export async function putFunctionRecursionConfig(
  ctx: ServiceContext,
  input: InputOf<"PutFunctionRecursionConfig">,
): Promise<OutputOf<"PutFunctionRecursionConfig">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  const needs = [{ need: "function" as const, functionName: name }];
  await recursions.put(ctx, { owner: name, key: "", needs }, { loop: input.RecursiveLoop });
  return { RecursiveLoop: input.RecursiveLoop };
}

/** AWS ends loops unless it was told not to. */
export async function getFunctionRecursionConfig(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionRecursionConfig">,
): Promise<OutputOf<"GetFunctionRecursionConfig">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, name);
  const kept = await recursions.find(ctx, { owner: name, key: "" });
  return { RecursiveLoop: kept?.body.loop ?? "Terminate" };
}
