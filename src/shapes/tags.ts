import { type Infer, list, query, str, struct, uri } from "./dsl.ts";
import { REGION, TagKey, Tags } from "./names.ts";

/**
 * Tags of functions, event source mappings, code signing configurations and capacity providers.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const TaggableResource = str({
  min: 1,
  max: 10_000,
  pattern: String.raw`arn:(aws[a-zA-Z-]*):lambda:${REGION}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})`,
});

export const TagResourceRequest = struct(["Resource", "Tags"], {
  Resource: uri(TaggableResource),
  Tags,
});
export type TagResourceInput = Infer<typeof TagResourceRequest>;

export const UntagResourceRequest = struct(["Resource", "TagKeys"], {
  Resource: uri(TaggableResource),
  TagKeys: query("tagKeys", list(TagKey)),
});
export type UntagResourceInput = Infer<typeof UntagResourceRequest>;

export const ListTagsRequest = struct(["Resource"], {
  Resource: uri(TaggableResource),
});
export type ListTagsInput = Infer<typeof ListTagsRequest>;

export const ListTagsResponse = struct([], {
  Tags,
});
export type ListTagsResponse = Infer<typeof ListTagsResponse>;
