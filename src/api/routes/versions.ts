import { listVersionsByFunction } from "../../services/versions/list-versions-by-function.ts";
import { publishVersion } from "../../services/versions/publish-version.ts";
import type { Verbs } from "./route.ts";

export const versionVerbs = {
  PublishVersion: publishVersion,
  ListVersionsByFunction: listVersionsByFunction,
} satisfies Verbs;
