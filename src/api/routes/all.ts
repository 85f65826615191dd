import { accountVerbs } from "./account.ts";
import { aliasVerbs } from "./aliases.ts";
import { codeSigningVerbs } from "./code-signing.ts";
import { concurrencyVerbs } from "./concurrency.ts";
import { eventInvokeVerbs } from "./event-invoke.ts";
import { eventSourceVerbs } from "./event-sources.ts";
import { functionVerbs } from "./functions.ts";
import { invocationVerbs } from "./invocations.ts";
import { layerVerbs } from "./layers.ts";
import { permissionVerbs } from "./permissions.ts";
import type { Verbs } from "./route.ts";
import { runtimeVerbs } from "./runtime.ts";
import { warningOfStored } from "./stored.ts";
import { tagVerbs } from "./tags.ts";
import { urlVerbs } from "./urls.ts";
import { versionVerbs } from "./versions.ts";

export const VERBS: Verbs = warningOfStored({
  ...functionVerbs,
  ...invocationVerbs,
  ...versionVerbs,
  ...aliasVerbs,
  ...concurrencyVerbs,
  ...eventInvokeVerbs,
  ...permissionVerbs,
  ...urlVerbs,
  ...eventSourceVerbs,
  ...codeSigningVerbs,
  ...runtimeVerbs,
  ...tagVerbs,
  ...accountVerbs,
  ...layerVerbs,
});
