/** What was asked for: so many environments of a version, or of the version that an alias points to, kept ready. */
import type { Services } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";

export interface ProvisionedConfig {
  readonly requested: number;
}

/** The owner is the function, the key the qualifier. */
export const provisionedConfigs = new DocumentKind<ProvisionedConfig>("provisioned-concurrency");

/** All of the function's together. */
export async function provisionedCountOf(services: Pick<Services, "store">, functionName: string): Promise<number> {
  let count = 0;
  for await (const { body } of provisionedConfigs.each(services, { owner: functionName })) count += body.requested;
  return count;
}
