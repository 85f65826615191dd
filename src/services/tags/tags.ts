/** Tags of functions, event source mappings and code signing configurations, by ARN. */
import { functionArn, parseFunctionReference } from "../../core/arn.ts";
import { AwsError, invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import { codeSigningConfigs, configMissing, placeOf } from "../code-signing/code-signing-configs.ts";
import type { ServiceContext } from "../context.ts";
import type { DocumentKind, Place } from "../document-kind.ts";
import { mappingMissing, mappingPlace, mappings } from "../event-sources/mapping.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { checkTagCount, TAGS_MAX, tooManyTags } from "./tag-count.ts";

type Tags = Readonly<Record<string, string>>;

export async function listTags(ctx: ServiceContext, input: InputOf<"ListTags">): Promise<OutputOf<"ListTags">> {
  return { Tags: { ...(await resourceOf(ctx, input.Resource).read()) } };
}

/** @throws AwsError InvalidParameterValueException for an alias or version, and for more than fifty tags. */
export async function tagResource(ctx: ServiceContext, input: InputOf<"TagResource">): Promise<undefined> {
  await resourceOf(ctx, input.Resource).change({ set: { ...input.Tags }, remove: [] });
}

/** Keys that are not there are no error. */
export async function untagResource(ctx: ServiceContext, input: InputOf<"UntagResource">): Promise<undefined> {
  await resourceOf(ctx, input.Resource).change({ set: {}, remove: input.TagKeys });
}

interface TagChange {
  readonly set: Tags;
  readonly remove: readonly string[];
}

interface Tagged {
  read(): Promise<Tags>;
  change(by: TagChange): Promise<void>;
}

const OTHER_ARN =
  /^arn:aws[a-zA-Z-]*:lambda:(?<region>[^:]+):(?<account>\d{12}):(?<type>code-signing-config|event-source-mapping|capacity-provider|network-connector):(?<id>.+)$/;

function resourceOf(ctx: ServiceContext, arn: string): Tagged {
  const other = OTHER_ARN.exec(arn)?.groups;
  if (!other) return taggedFunction(ctx, arn);
  const isHere = other["region"] === ctx.home.region && other["account"] === ctx.home.accountId;
  if (isHere && other["type"] === "code-signing-config")
    return taggedDocument(ctx, codeSigningConfigs, { ...placeOf(arn), missing: () => configMissing(arn) });
  if (isHere && other["type"] === "event-source-mapping")
    return taggedDocument(ctx, mappings, { ...mappingPlace(other["id"] ?? ""), missing: mappingMissing });
  throw new AwsError("ResourceNotFoundException", `Cannot reach ${arn}: this server has no such resource`);
}

function taggedFunction(ctx: ServiceContext, arn: string): Tagged {
  if (!parseFunctionReference(arn)) throw invalidParameter(`Cannot read the resource ARN '${arn}'`);
  const { name, qualifier } = readReference(ctx, { FunctionName: arn });
  if (qualifier !== undefined)
    throw invalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  return {
    read: async () => (await requireFunction(ctx, name)).tags,
    async change(by) {
      const revisionId = ctx.ids.uuid();
      const changed = await ctx.store.functions.changeTags({
        functionName: name,
        ...by,
        countMax: TAGS_MAX,
        revisionId,
      });
      if (changed.kind === "missing") throw notFound("Function", functionArn(ctx.home, name));
      if (changed.kind === "too-many-tags") throw tooManyTags();
      ctx.facts.forget(name);
    },
  };
}

function taggedDocument<Body extends { readonly tags: Tags }>(
  ctx: ServiceContext,
  documents: DocumentKind<Body>,
  { missing, ...place }: Place & { missing: () => AwsError },
): Tagged {
  return {
    async read() {
      const kept = await documents.find(ctx, place);
      if (!kept) throw missing();
      return kept.body.tags;
    },
    async change({ set, remove }) {
      await documents.edit(ctx, place, (before) => {
        if (!before) throw missing();
        const kept = Object.entries(before.body.tags).filter(([key]) => !remove.includes(key));
        const tags = { ...Object.fromEntries(kept), ...set };
        checkTagCount(tags);
        return { put: { ...before.body, tags } };
      });
    },
  };
}
