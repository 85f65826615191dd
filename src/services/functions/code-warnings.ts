/** From what a check of the code finds to what its owner is told. */
import type { Finding } from "../../packages/bundle/bundle-handler.ts";
import type { FunctionSettings } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";

/** The first nodejs runtime with the third SDK, in packages of its own; those before have the second. */
const SDK_V3_SINCE = 18;
const SDK_V3 = /^@(aws-sdk|smithy)\//;
const SDK_V2 = /^aws-sdk(\/|$)/;

/** One sentence for each finding that matters for a function with these settings. */
export function warningsOf(
  settings: Pick<FunctionSettings, "runtime" | "layers">,
  findings: readonly Finding[],
): string[] {
  const provided = sdkOf(settings.runtime);
  const told = new Set<string>();
  for (const { text, missing } of findings) {
    if (missing === undefined || isRelative(missing.specifier)) told.add(text);
    else if (settings.layers.length > 0)
      continue; // a layer may bring it
    else if (provided.test(missing.specifier))
      told.add(
        `The module "${missing.specifier}" is not in the package; AWS provides it, Lambent does not: add it to the package (${missing.place} imports it)`,
      );
    else told.add(text);
  }
  return [...told];
}

/** Waits a short while, so that the answer carries what was found; what comes later is only in the log. */
export const warnInTime = (ctx: ServiceContext, checked: Promise<readonly string[]>): Promise<void> =>
  ctx.activations.patience.waitFor(warnOf(ctx, checked));

/** Waits as long as it takes. */
export async function warnOf(ctx: ServiceContext, checked: Promise<readonly string[]>): Promise<void> {
  for (const warning of await checked) ctx.warn(warning);
}

const isRelative = (specifier: string): boolean => /^\.{0,2}\//.test(specifier) || /^\.{1,2}$/.test(specifier);

/** Source: Lambda Developer Guide, "Runtime-included SDK versions". */
function sdkOf(runtime: string | null): RegExp {
  const major = Number(/^nodejs(\d+)/.exec(runtime ?? "")?.[1] ?? 0);
  return major >= SDK_V3_SINCE ? SDK_V3 : SDK_V2;
}
