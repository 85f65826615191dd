/**
 * At every start: what an older release kept open is sealed, and what another key than today's has sealed is sealed anew, so that a key
 * can go once the server has started without need of it.
 */
import { SealError } from "../../security/seal.ts";
import type { Services } from "../context.ts";
import { resealed, sealVariables } from "./environment-variables.ts";

export async function sealAtRest({ store, sealer, log }: Pick<Services, "store" | "sealer" | "log">) {
  const lost = new Set<string>();
  const count = await store.functions.resealEnvironments(({ functionName, kmsKeyArn, environment }) => {
    const owner = { functionName, kmsKeyArn };
    try {
      return typeof environment === "string"
        ? resealed(sealer, { owner, stored: environment })
        : sealVariables(sealer, { owner, variables: environment });
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      lost.add(functionName);
      return undefined;
    }
  });
  if (count > 0) log.info({ count, key: sealer.keyIds[0] }, "Environment variables were sealed anew");
  if (lost.size > 0)
    log.warn(
      { functions: [...lost] },
      "Cannot open environment variables: their key is not in the key file, or they are damaged",
    );
}
