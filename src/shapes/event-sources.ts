import { bool, type Infer, int, list, map, query, str, struct, timestamp, uri } from "./dsl.ts";
import { DestinationConfig } from "./event-invoke.ts";
import { Arn, FunctionArn, KMSKeyArn, LAMBDA_ARN, MaxListItems, NamespacedFunctionName, Tags } from "./names.ts";

/**
 * Event source mappings: queues and streams that a function is fed from. Ages and windows in seconds.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const BatchSize = int({ min: 1, max: 10_000 });

export const Filter = struct([], {
  Pattern: str({ min: 0, max: 4096, pattern: String.raw`[\s\S]*` }),
});
export type Filter = Infer<typeof Filter>;

export const FilterCriteria = struct([], {
  Filters: list(Filter),
});
export type FilterCriteria = Infer<typeof FilterCriteria>;

export const EventSourceMappingMetricsConfig = struct([], {
  Metrics: list(str({ oneOf: ["EventCount", "ErrorCount", "KafkaMetrics"] }), { min: 0, max: 3 }),
});
export type EventSourceMappingMetricsConfig = Infer<typeof EventSourceMappingMetricsConfig>;

export const EventSourceMappingLoggingConfig = struct([], {
  SystemLogLevel: str({ oneOf: ["DEBUG", "INFO", "WARN"] }),
});
export type EventSourceMappingLoggingConfig = Infer<typeof EventSourceMappingLoggingConfig>;

export const ScalingConfig = struct([], {
  MaximumConcurrency: int({ min: 2, max: 1000 }),
});
export type ScalingConfig = Infer<typeof ScalingConfig>;

export const MaximumBatchingWindowInSeconds = int({ min: 0, max: 300 });
export const ParallelizationFactor = int({ min: 1, max: 10 });
export const EventSourcePosition = str({ oneOf: ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"] });
export const MaximumRecordAgeInSeconds = int({ min: -1, max: 604_800 });
export const MaximumRetryAttemptsEventSourceMapping = int({ min: -1, max: 10_000 });
export const TumblingWindowInSeconds = int({ min: 0, max: 900 });
export const Topics = list(str({ min: 1, max: 249, pattern: String.raw`[^.]([a-zA-Z0-9\-_.]+)` }), { min: 1, max: 1 });
export const Queues = list(str({ min: 1, max: 1000, pattern: String.raw`[\s\S]*` }), { min: 1, max: 1 });
export const URI = str({ min: 1, max: 200, pattern: String.raw`[ a-zA-Z0-9-\/*:_+=.@-]*` });

export const SourceAccessConfiguration = struct([], {
  Type: str({
    oneOf: [
      "BASIC_AUTH",
      "VPC_SUBNET",
      "VPC_SECURITY_GROUP",
      "SASL_SCRAM_512_AUTH",
      "SASL_SCRAM_256_AUTH",
      "VIRTUAL_HOST",
      "CLIENT_CERTIFICATE_TLS_AUTH",
      "SERVER_ROOT_CA_CERTIFICATE",
    ],
  }),
  URI,
});
export type SourceAccessConfiguration = Infer<typeof SourceAccessConfiguration>;

export const SourceAccessConfigurations = list(SourceAccessConfiguration, { min: 0, max: 23 });
export const Endpoint = str({
  min: 1,
  max: 300,
  pattern: String.raw`(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5}`,
});

export const SelfManagedEventSource = struct([], {
  Endpoints: map(str({ oneOf: ["KAFKA_BOOTSTRAP_SERVERS"] }), list(Endpoint, { min: 1, max: 10 }), { min: 1, max: 2 }),
});
export type SelfManagedEventSource = Infer<typeof SelfManagedEventSource>;

export const FunctionResponseTypeList = list(str({ oneOf: ["ReportBatchItemFailures"] }), { min: 0, max: 1 });

export const KafkaSchemaRegistryAccessConfig = struct([], {
  Type: str({ oneOf: ["BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE"] }),
  URI: Arn,
});
export type KafkaSchemaRegistryAccessConfig = Infer<typeof KafkaSchemaRegistryAccessConfig>;

export const KafkaSchemaValidationConfig = struct([], {
  Attribute: str({ oneOf: ["KEY", "VALUE"] }),
});
export type KafkaSchemaValidationConfig = Infer<typeof KafkaSchemaValidationConfig>;

export const KafkaSchemaRegistryConfig = struct([], {
  SchemaRegistryURI: str({ min: 1, max: 10_000, pattern: String.raw`[a-zA-Z0-9-\/*:_+=.@-]*` }),
  EventRecordFormat: str({ oneOf: ["JSON", "SOURCE"] }),
  AccessConfigs: list(KafkaSchemaRegistryAccessConfig),
  SchemaValidationConfigs: list(KafkaSchemaValidationConfig),
});
export type KafkaSchemaRegistryConfig = Infer<typeof KafkaSchemaRegistryConfig>;

export const AmazonManagedKafkaEventSourceConfig = struct([], {
  ConsumerGroupId: URI,
  SchemaRegistryConfig: KafkaSchemaRegistryConfig,
});
export type AmazonManagedKafkaEventSourceConfig = Infer<typeof AmazonManagedKafkaEventSourceConfig>;

export const SelfManagedKafkaEventSourceConfig = struct([], {
  ConsumerGroupId: URI,
  SchemaRegistryConfig: KafkaSchemaRegistryConfig,
});
export type SelfManagedKafkaEventSourceConfig = Infer<typeof SelfManagedKafkaEventSourceConfig>;

export const DocumentDBEventSourceConfig = struct([], {
  DatabaseName: str({ min: 1, max: 63, pattern: String.raw`[^ /\.$\x22]*` }),
  CollectionName: str({ min: 1, max: 57, pattern: String.raw`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)` }),
  FullDocument: str({ oneOf: ["UpdateLookup", "Default"] }),
});
export type DocumentDBEventSourceConfig = Infer<typeof DocumentDBEventSourceConfig>;

export const ProvisionedPollerConfig = struct([], {
  MinimumPollers: int({ min: 1, max: 200 }),
  MaximumPollers: int({ min: 1, max: 10_000 }),
  PollerGroupName: str({ min: 0, max: 128, pattern: "[a-zA-Z0-9-_]*" }),
});
export type ProvisionedPollerConfig = Infer<typeof ProvisionedPollerConfig>;

export const CreateEventSourceMappingRequest = struct(["FunctionName"], {
  EventSourceArn: Arn,
  FunctionName: NamespacedFunctionName,
  Enabled: bool(),
  BatchSize,
  FilterCriteria,
  KMSKeyArn,
  MetricsConfig: EventSourceMappingMetricsConfig,
  LoggingConfig: EventSourceMappingLoggingConfig,
  ScalingConfig,
  MaximumBatchingWindowInSeconds,
  ParallelizationFactor,
  StartingPosition: EventSourcePosition,
  StartingPositionTimestamp: timestamp(),
  DestinationConfig,
  MaximumRecordAgeInSeconds,
  BisectBatchOnFunctionError: bool(),
  MaximumRetryAttempts: MaximumRetryAttemptsEventSourceMapping,
  Tags,
  TumblingWindowInSeconds,
  Topics,
  Queues,
  SourceAccessConfigurations,
  SelfManagedEventSource,
  FunctionResponseTypes: FunctionResponseTypeList,
  AmazonManagedKafkaEventSourceConfig,
  SelfManagedKafkaEventSourceConfig,
  DocumentDBEventSourceConfig,
  ProvisionedPollerConfig,
});
export type CreateEventSourceMappingInput = Infer<typeof CreateEventSourceMappingRequest>;

export const UUIDString = str({ min: 36, max: 36 });

export const FilterCriteriaError = struct([], {
  ErrorCode: str({ min: 10, max: 50, pattern: "[A-Za-z]+Exception" }),
  Message: str({ min: 10, max: 2048, pattern: ".*" }),
});
export type FilterCriteriaError = Infer<typeof FilterCriteriaError>;

export const EventSourceMappingArn = str({
  min: 85,
  max: 120,
  pattern: `${LAMBDA_ARN}:event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`,
});

export const EventSourceMappingConfiguration = struct([], {
  UUID: UUIDString,
  StartingPosition: EventSourcePosition,
  StartingPositionTimestamp: timestamp(),
  BatchSize,
  MaximumBatchingWindowInSeconds,
  ParallelizationFactor,
  EventSourceArn: Arn,
  FilterCriteria,
  FilterCriteriaError,
  KMSKeyArn,
  MetricsConfig: EventSourceMappingMetricsConfig,
  LoggingConfig: EventSourceMappingLoggingConfig,
  ScalingConfig,
  FunctionArn,
  LastModified: timestamp(),
  LastProcessingResult: str(),
  State: str(),
  StateTransitionReason: str(),
  DestinationConfig,
  Topics,
  Queues,
  SourceAccessConfigurations,
  SelfManagedEventSource,
  MaximumRecordAgeInSeconds,
  BisectBatchOnFunctionError: bool(),
  MaximumRetryAttempts: MaximumRetryAttemptsEventSourceMapping,
  TumblingWindowInSeconds,
  FunctionResponseTypes: FunctionResponseTypeList,
  AmazonManagedKafkaEventSourceConfig,
  SelfManagedKafkaEventSourceConfig,
  DocumentDBEventSourceConfig,
  EventSourceMappingArn,
  ProvisionedPollerConfig,
});
export type EventSourceMappingConfiguration = Infer<typeof EventSourceMappingConfiguration>;

export const GetEventSourceMappingRequest = struct(["UUID"], {
  UUID: uri(UUIDString),
});
export type GetEventSourceMappingInput = Infer<typeof GetEventSourceMappingRequest>;

export const UpdateEventSourceMappingRequest = struct(["UUID"], {
  UUID: uri(UUIDString),
  FunctionName: NamespacedFunctionName,
  Enabled: bool(),
  BatchSize,
  FilterCriteria,
  KMSKeyArn,
  MetricsConfig: EventSourceMappingMetricsConfig,
  LoggingConfig: EventSourceMappingLoggingConfig,
  ScalingConfig,
  MaximumBatchingWindowInSeconds,
  ParallelizationFactor,
  DestinationConfig,
  MaximumRecordAgeInSeconds,
  BisectBatchOnFunctionError: bool(),
  MaximumRetryAttempts: MaximumRetryAttemptsEventSourceMapping,
  TumblingWindowInSeconds,
  SourceAccessConfigurations,
  FunctionResponseTypes: FunctionResponseTypeList,
  AmazonManagedKafkaEventSourceConfig,
  SelfManagedKafkaEventSourceConfig,
  DocumentDBEventSourceConfig,
  ProvisionedPollerConfig,
});
export type UpdateEventSourceMappingInput = Infer<typeof UpdateEventSourceMappingRequest>;

export const DeleteEventSourceMappingRequest = struct(["UUID"], {
  UUID: uri(UUIDString),
});
export type DeleteEventSourceMappingInput = Infer<typeof DeleteEventSourceMappingRequest>;

export const ListEventSourceMappingsRequest = struct([], {
  EventSourceArn: query("EventSourceArn", Arn),
  FunctionName: query("FunctionName", NamespacedFunctionName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListEventSourceMappingsInput = Infer<typeof ListEventSourceMappingsRequest>;

export const ListEventSourceMappingsResponse = struct([], {
  NextMarker: str(),
  EventSourceMappings: list(EventSourceMappingConfiguration),
});
export type ListEventSourceMappingsResponse = Infer<typeof ListEventSourceMappingsResponse>;
