import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { conflict, invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import { applyReserved } from "../concurrency/function-concurrency.ts";
import type { ServiceContext } from "../context.ts";
import { isVersionNumber, readReference, requireFunction } from "./reference.ts";
import { sweepPackages } from "./sweep-packages.ts";
import { afterUpdate } from "./update-function-code.ts";

/** Deletes a function with all that belongs to it, or, with a qualifier, one published version. */
export async function deleteFunction(
  ctx: ServiceContext,
  input: InputOf<"DeleteFunction">,
): Promise<OutputOf<"DeleteFunction">> {
  const { name, qualifier } = readReference(ctx, input);
  await requireFunction(ctx, name);
  if (qualifier === undefined) {
    await deleteWhole(ctx, name);
    afterUpdate(ctx, name);
    await applyReserved(ctx, name);
  } else {
    await deleteVersion(ctx, name, qualifier);
    afterUpdate(ctx, name, qualifier);
  }
  void sweepPackages(ctx);
  return { StatusCode: 204 };
}

async function deleteWhole(ctx: ServiceContext, name: string): Promise<void> {
  const deleted = await ctx.store.functions.delete(name);
  if (deleted.kind === "missing") throw notFound("Function", functionArn(ctx.home, name));
}

/** A version that is not there is no error, as recorded on AWS. */
async function deleteVersion(ctx: ServiceContext, name: string, qualifier: string): Promise<void> {
  if (qualifier === LATEST) throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
  if (!isVersionNumber(qualifier)) {
    throw invalidParameter("Deletion of aliases is not currently supported.");
  }
  const deleted = await ctx.store.functions.deleteVersion({ functionName: name, version: qualifier });
  if (deleted.kind === "aliased") {
    throw conflict(
      `Unable to delete version because the following aliases reference it: [${deleted.aliases.join(", ")}]`,
    );
  }
}
