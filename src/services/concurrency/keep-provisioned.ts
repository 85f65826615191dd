/** Brings what was asked for and what runs together: after a configuration, an alias or a version changed, and at start-up. */
import { AwsError } from "../../errors/aws-error.ts";
import type { ExecutionSpec } from "../../invoke/invocation.ts";
import type { ProvisionState } from "../../invoke/provisioned.ts";
import type { Services } from "../context.ts";
import { isVersionNumber } from "../functions/reference.ts";
import { provisionedConfigs } from "./provisioned-configs.ts";

export type ProvisionStatus =
  | ({ readonly kind: "running" } & ProvisionState)
  /** The version cannot run, for a reason that the caller may read. */
  | { readonly kind: "impossible"; readonly reason: string };

/** Goes on in the background: environments start when the version is ready. Failures are in the log, and in the status. */
export function keepProvisioned(services: Services, functionName: string): void {
  apply(services, functionName).catch((error: unknown) => {
    services.log.error({ err: error, function: functionName }, "Cannot keep provisioned environments");
  });
}

/** What is there for one qualifier of a function, right now. */
export async function provisionStatus(
  services: Services,
  at: { functionName: string; qualifier: string },
): Promise<ProvisionStatus> {
  const version = await versionOf(services, at);
  if (version === undefined) return { kind: "impossible", reason: "The alias or version is gone" };
  const spec = await specOf(services, { functionName: at.functionName, version });
  if (typeof spec === "string") return { kind: "impossible", reason: spec };
  return { kind: "running", ...services.dispatcher.provisionOf(spec) };
}

async function apply(services: Services, functionName: string): Promise<void> {
  let wanted = await wantedOf(services, functionName);
  for (;;) {
    const provision: { spec: ExecutionSpec; count: number }[] = [];
    for (const [version, count] of wanted) {
      const spec = await specOf(services, { functionName, version });
      if (typeof spec !== "string") provision.push({ spec, count });
    }
    const now = await wantedOf(services, functionName);
    if (JSON.stringify([...now]) === JSON.stringify([...wanted])) {
      services.dispatcher.provision(functionName, provision);
      return;
    }
    wanted = now; // changed while the versions were made ready
  }
}

/** How many environments of which version. */
async function wantedOf(services: Services, functionName: string): Promise<Map<string, number>> {
  const wanted = new Map<string, number>();
  for await (const { key, body } of provisionedConfigs.each(services, { owner: functionName })) {
    const version = await versionOf(services, { functionName, qualifier: key });
    if (version !== undefined) wanted.set(version, (wanted.get(version) ?? 0) + body.requested);
  }
  return wanted;
}

async function versionOf(
  { store }: Services,
  { functionName, qualifier }: { functionName: string; qualifier: string },
): Promise<string | undefined> {
  if (isVersionNumber(qualifier)) return qualifier;
  return (await store.aliases.find({ functionName, name: qualifier }))?.version;
}

/** Waits until the version is ready; the reason when it never will be. */
async function specOf(
  { resolver }: Services,
  { functionName, version }: { functionName: string; version: string },
): Promise<ExecutionSpec | string> {
  try {
    const target = await resolver.resolve({ name: functionName, qualifier: version });
    return target.choose().spec;
  } catch (error) {
    if (error instanceof AwsError) return error.message;
    throw error;
  }
}
