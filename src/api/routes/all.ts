import { functionVerbs } from "./functions.ts";
import { invocationVerbs } from "./invocations.ts";
import type { Verbs } from "./route.ts";

export const VERBS: Verbs = { ...functionVerbs, ...invocationVerbs };
