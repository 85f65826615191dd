import { listTags, tagResource, untagResource } from "../../services/tags/tags.ts";
import type { Verbs } from "./route.ts";

export const tagVerbs = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTags: listTags,
} satisfies Verbs;
