/**
 * What each operation of the API needs to be allowed, and of what. Source: Service Authorization Reference, "Actions, resources, and
 * condition keys for AWS Lambda". Where the reference knows no resource an action is asked for on `*`.
 *
 * **By design** code from a bucket needs `s3:GetObject` of the caller, as on AWS; `iam:PassRole` is asked of nobody, as there are no roles.
 */
import type { ArnHome } from "../../core/arn.ts";
import type { InputOf, OperationName } from "../../shapes/operations.ts";
import {
  capacityProviderResource,
  functionResource,
  layerResource,
  layerVersionResource,
  mappingResource,
  objectResource,
} from "./resources.ts";

export interface Needed {
  /** `lambda:InvokeFunction`. */
  readonly action: string;
  readonly resource: string;
  /** What the request itself has for conditions, by key in lower case. */
  readonly keys?: Keys;
}

type Keys = Readonly<Record<string, string | readonly string[]>>;

interface Asked {
  readonly home: ArnHome;
  /** `lambda:` and the operation's name. */
  readonly action: string;
}

type Row<Name extends OperationName> = (input: InputOf<Name>, asked: Asked) => readonly Needed[];

const EVERYTHING = "*";

const onAll = (_input: unknown, { action }: Asked): Needed[] => [{ action, resource: EVERYTHING }];

/** The function, or the version or alias that the request names. */
const onFunction = (
  { FunctionName, Qualifier }: { FunctionName: string; Qualifier?: string | undefined },
  { home, action }: Asked,
): Needed[] => [{ action, resource: functionResource(home, FunctionName, Qualifier) }];

const onInvoke = (input: { FunctionName: string; Qualifier?: string | undefined }, { home }: Asked): Needed[] =>
  onFunction(input, { home, action: "lambda:InvokeFunction" });

const onArn =
  <Member extends string>(member: Member) =>
  (input: Readonly<Record<Member, string>>, { action }: Asked): Needed[] => [{ action, resource: input[member] }];

const onMapping = ({ UUID }: { UUID: string }, { home, action }: Asked): Needed[] => [
  { action, resource: mappingResource(home, UUID) },
];

const onLayerVersion = (
  { LayerName, VersionNumber }: { LayerName: string; VersionNumber: number },
  { home, action }: Asked,
): Needed[] => [{ action, resource: layerVersionResource(home, LayerName, VersionNumber) }];

const onCapacityProvider = (
  { CapacityProviderName }: { CapacityProviderName: string },
  { home, action }: Asked,
): Needed[] => [{ action, resource: capacityProviderResource(home, CapacityProviderName) }];

type Tags = Readonly<Record<string, string>>;

function tagKeys(tags: Tags | undefined): Keys {
  if (tags === undefined || Object.keys(tags).length === 0) return {};
  const each = Object.entries(tags).map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, value] as const);
  return { ...Object.fromEntries(each), "aws:tagkeys": Object.keys(tags) };
}

/** Whoever makes something with tags needs to be allowed to tag it. */
const tagging = (tags: Tags | undefined, resource: string): Needed[] =>
  tags === undefined || Object.keys(tags).length === 0
    ? []
    : [{ action: "lambda:TagResource", resource, keys: tagKeys(tags) }];

const layers = (arns: readonly string[] | undefined): Needed[] =>
  (arns ?? []).map((resource) => ({ action: "lambda:GetLayerVersion", resource }));

const codeObject = (code: { S3Bucket?: string | undefined; S3Key?: string | undefined }): Needed[] =>
  code.S3Bucket === undefined || code.S3Key === undefined
    ? []
    : [{ action: "s3:GetObject", resource: objectResource(code.S3Bucket, code.S3Key) }];

interface Settings {
  readonly Layers?: readonly string[] | undefined;
  readonly VpcConfig?:
    | { readonly SubnetIds?: readonly string[] | undefined; readonly SecurityGroupIds?: readonly string[] | undefined }
    | undefined;
}

const settingKeys = ({ Layers, VpcConfig }: Settings): Record<string, readonly string[]> => ({
  ...(Layers && { "lambda:layer": Layers }),
  ...(VpcConfig?.SubnetIds && { "lambda:subnetids": VpcConfig.SubnetIds }),
  ...(VpcConfig?.SecurityGroupIds && { "lambda:securitygroupids": VpcConfig.SecurityGroupIds }),
});

const mappedFunction = (home: ArnHome, given: string | undefined): Keys =>
  given === undefined ? {} : { "lambda:functionarn": functionResource(home, given) };

const ROWS: { readonly [Name in OperationName]: Row<Name> } = {
  CreateFunction(input, { home, action }) {
    const resource = functionResource(home, input.FunctionName);
    const { CodeSigningConfigArn } = input;
    const keys = {
      ...settingKeys(input),
      ...tagKeys(input.Tags),
      ...(CodeSigningConfigArn !== undefined && { "lambda:codesigningconfigarn": CodeSigningConfigArn }),
    };
    return [
      { action, resource, keys },
      ...layers(input.Layers),
      ...codeObject(input.Code),
      ...tagging(input.Tags, resource),
    ];
  },
  GetFunction: onFunction,
  GetFunctionConfiguration: onFunction,
  UpdateFunctionCode: (input, asked) => [...onFunction(input, asked), ...codeObject(input)],
  UpdateFunctionConfiguration: (input, { home, action }) => [
    { action, resource: functionResource(home, input.FunctionName), keys: settingKeys(input) },
    ...layers(input.Layers),
  ],
  DeleteFunction: onFunction,
  ListFunctions: onAll,

  Invoke: onInvoke,
  InvokeAsync: onInvoke,
  InvokeWithResponseStream: onInvoke,

  PublishVersion: onFunction,
  ListVersionsByFunction: onFunction,
  CreateAlias: onFunction,
  GetAlias: onFunction,
  UpdateAlias: onFunction,
  DeleteAlias: onFunction,
  ListAliases: onFunction,

  PutFunctionConcurrency: onFunction,
  GetFunctionConcurrency: onFunction,
  DeleteFunctionConcurrency: onFunction,
  PutProvisionedConcurrencyConfig: onFunction,
  GetProvisionedConcurrencyConfig: onFunction,
  ListProvisionedConcurrencyConfigs: onFunction,
  DeleteProvisionedConcurrencyConfig: onFunction,

  PutFunctionEventInvokeConfig: onFunction,
  UpdateFunctionEventInvokeConfig: onFunction,
  GetFunctionEventInvokeConfig: onFunction,
  ListFunctionEventInvokeConfigs: onFunction,
  DeleteFunctionEventInvokeConfig: onFunction,

  AddPermission: (input, { home, action }) => [
    {
      action,
      resource: functionResource(home, input.FunctionName, input.Qualifier),
      keys: {
        "lambda:principal": input.Principal,
        ...(input.FunctionUrlAuthType && { "lambda:functionurlauthtype": input.FunctionUrlAuthType }),
      },
    },
  ],
  RemovePermission: onFunction,
  GetPolicy: onFunction,
  PutResourcePolicy: onArn("ResourceArn"),
  GetResourcePolicy: onArn("ResourceArn"),
  DeleteResourcePolicy: onArn("ResourceArn"),

  PublishLayerVersion: (input, { home, action }) => [
    { action, resource: layerResource(home, input.LayerName) },
    ...codeObject(input.Content),
  ],
  GetLayerVersion: onLayerVersion,
  GetLayerVersionByArn: ({ Arn }) => [{ action: "lambda:GetLayerVersion", resource: Arn }],
  DeleteLayerVersion: onLayerVersion,
  ListLayers: onAll,
  ListLayerVersions: onAll,
  AddLayerVersionPermission: onLayerVersion,
  RemoveLayerVersionPermission: onLayerVersion,
  GetLayerVersionPolicy: onLayerVersion,

  CreateFunctionUrlConfig: onUrlConfig,
  GetFunctionUrlConfig: onFunction,
  UpdateFunctionUrlConfig: onUrlConfig,
  DeleteFunctionUrlConfig: onFunction,
  ListFunctionUrlConfigs: onFunction,

  CreateEventSourceMapping: (input, { home, action }) => [
    {
      action,
      resource: EVERYTHING,
      keys: { ...mappedFunction(home, input.FunctionName), ...tagKeys(input.Tags) },
    },
    ...tagging(input.Tags, mappingResource(home, "*")),
  ],
  GetEventSourceMapping: onMapping,
  UpdateEventSourceMapping: (input, { home, action }) => [
    { action, resource: mappingResource(home, input.UUID), keys: mappedFunction(home, input.FunctionName) },
  ],
  DeleteEventSourceMapping: onMapping,
  ListEventSourceMappings: onAll,

  CreateCodeSigningConfig: (input, { home, action }) => [
    { action, resource: EVERYTHING, keys: tagKeys(input.Tags) },
    ...tagging(input.Tags, `arn:aws:lambda:${home.region}:${home.accountId}:code-signing-config:*`),
  ],
  GetCodeSigningConfig: onArn("CodeSigningConfigArn"),
  UpdateCodeSigningConfig: onArn("CodeSigningConfigArn"),
  DeleteCodeSigningConfig: onArn("CodeSigningConfigArn"),
  ListCodeSigningConfigs: onAll,
  ListFunctionsByCodeSigningConfig: onArn("CodeSigningConfigArn"),
  PutFunctionCodeSigningConfig: (input, asked) => [
    ...onFunction(input, asked),
    ...onArn("CodeSigningConfigArn")(input, asked),
  ],
  GetFunctionCodeSigningConfig: onFunction,
  DeleteFunctionCodeSigningConfig: onFunction,

  TagResource: (input, { action }) => [{ action, resource: input.Resource, keys: tagKeys(input.Tags) }],
  UntagResource: (input, { action }) => [{ action, resource: input.Resource, keys: { "aws:tagkeys": input.TagKeys } }],
  ListTags: onArn("Resource"),
  GetAccountSettings: onAll,

  PutRuntimeManagementConfig: onFunction,
  GetRuntimeManagementConfig: onFunction,
  PutFunctionRecursionConfig: onFunction,
  GetFunctionRecursionConfig: onFunction,
  PutFunctionScalingConfig: onFunction,
  GetFunctionScalingConfig: onFunction,

  CreateCapacityProvider: (input, asked) => [
    ...onCapacityProvider(input, asked),
    ...tagging(input.Tags, capacityProviderResource(asked.home, input.CapacityProviderName)),
  ],
  GetCapacityProvider: onCapacityProvider,
  UpdateCapacityProvider: onCapacityProvider,
  DeleteCapacityProvider: onCapacityProvider,
  ListCapacityProviders: onAll,
  ListFunctionVersionsByCapacityProvider: onCapacityProvider,

  GetDurableExecution: onArn("DurableExecutionArn"),
  GetDurableExecutionHistory: onArn("DurableExecutionArn"),
  GetDurableExecutionState: onArn("DurableExecutionArn"),
  ListDurableExecutionsByFunction: onFunction,
  CheckpointDurableExecution: onArn("DurableExecutionArn"),
  StopDurableExecution: onArn("DurableExecutionArn"),
  SendDurableExecutionCallbackSuccess: onAll,
  SendDurableExecutionCallbackFailure: onAll,
  SendDurableExecutionCallbackHeartbeat: onAll,
};

function onUrlConfig(
  input: {
    FunctionName: string;
    Qualifier?: string | undefined;
    AuthType?: string | undefined;
  },
  asked: Asked,
): Needed[] {
  const keys = input.AuthType === undefined ? {} : { "lambda:functionurlauthtype": input.AuthType };
  return onFunction(input, asked).map((needed) => ({ ...needed, keys }));
}

/** All of it has to be allowed. */
export function neededFor<Name extends OperationName>(
  name: Name,
  input: InputOf<Name>,
  home: ArnHome,
): readonly Needed[] {
  return ROWS[name](input, { home, action: `lambda:${name}` });
}
