/** What each kind of source demands of its mapping, and assumes where nothing is said. Source: API Reference, recorded refusals. */
import { invalidParameter } from "../../errors/aws-error.ts";
import { compilePattern, PatternError } from "../../invoke/sources/event-pattern.ts";
import type { MappingSettings } from "./mapping.ts";

export type SourceKind = "queue" | "stream" | "kafka" | "broker" | "database";

/** @throws AwsError InvalidParameterValueException for none, or one that nothing can be read from. */
export function sourceKindOf(input: {
  EventSourceArn?: string | undefined;
  SelfManagedEventSource?: unknown;
}): SourceKind {
  if (input.EventSourceArn === undefined) {
    if (input.SelfManagedEventSource !== undefined) return "kafka";
    throw invalidParameter("Unrecognized event source.");
  }
  const service = input.EventSourceArn.split(":")[2];
  const kind = KINDS[service ?? ""];
  if (kind === undefined) throw invalidParameter("Unrecognized event source.");
  return kind;
}

const KINDS: Readonly<Record<string, SourceKind>> = {
  sqs: "queue",
  kinesis: "stream",
  dynamodb: "stream",
  kafka: "kafka",
  mq: "broker",
  rds: "database",
};

const UNBOUNDED = -1;
const QUEUE_DEFAULTS = { BatchSize: 10, MaximumBatchingWindowInSeconds: 0 };
const POLLED_DEFAULTS = { BatchSize: 100, MaximumBatchingWindowInSeconds: 0, DestinationConfig: { OnFailure: {} } };
const STREAM_DEFAULTS = {
  ...POLLED_DEFAULTS,
  ParallelizationFactor: 1,
  MaximumRecordAgeInSeconds: UNBOUNDED,
  BisectBatchOnFunctionError: false,
  MaximumRetryAttempts: UNBOUNDED,
  TumblingWindowInSeconds: 0,
  FunctionResponseTypes: [],
};

export function defaultsOf(kind: SourceKind): MappingSettings {
  switch (kind) {
    case "queue":
      return QUEUE_DEFAULTS;
    case "stream":
      return STREAM_DEFAULTS;
    case "kafka":
    case "broker":
    case "database":
      return POLLED_DEFAULTS;
    default:
      return kind satisfies never;
  }
}

const UNBATCHED_SIZE_MAX = 10;
const FIFO_SIZE_MAX = 10;
const FILTERS_MAX = 10;

/** The rules that join members, over the settings as they would be. @throws AwsError InvalidParameterValueException. */
export function checkSettings(kind: SourceKind, given: { eventSourceArn: string | null; settings: MappingSettings }) {
  const { eventSourceArn, settings } = given;
  checkFilters(settings);
  if (kind === "queue") checkQueue(eventSourceArn, settings);
  if (kind === "stream") checkStream(eventSourceArn, settings);
  if (kind === "kafka" && !settings.Topics?.length) throw invalidParameter("Topics cannot be empty for a Kafka source");
  if (kind === "broker" && !settings.Queues?.length)
    throw invalidParameter("Queues cannot be empty for a message broker");
}

function checkQueue(eventSourceArn: string | null, settings: MappingSettings): void {
  const { BatchSize: size = 0, MaximumBatchingWindowInSeconds: windowSeconds = 0 } = settings;
  if (eventSourceArn?.endsWith(".fifo") && size > FIFO_SIZE_MAX)
    throw invalidParameter(`BatchSize cannot be greater than ${FIFO_SIZE_MAX} for a FIFO queue`);
  if (eventSourceArn?.endsWith(".fifo") && windowSeconds > 0)
    throw invalidParameter("MaximumBatchingWindowInSeconds is not supported for a FIFO queue");
  if (size > UNBATCHED_SIZE_MAX && windowSeconds === 0) {
    throw invalidParameter(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  }
  if (settings.StartingPosition !== undefined)
    throw invalidParameter("StartingPosition is not valid for SQS event sources.");
}

function checkStream(eventSourceArn: string | null, settings: MappingSettings): void {
  const position = settings.StartingPosition;
  if (position === undefined) {
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  }
  const isTable = eventSourceArn?.split(":")[2] === "dynamodb";
  if (position === "AT_TIMESTAMP" && isTable)
    throw invalidParameter(`Unsupported starting position for arn type: ${eventSourceArn}`);
  if (position === "AT_TIMESTAMP" && settings.StartingPositionTimestamp === undefined)
    throw invalidParameter("StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP");
}

function checkFilters({ FilterCriteria }: MappingSettings): void {
  const filters = FilterCriteria?.Filters ?? [];
  if (filters.length > FILTERS_MAX) throw invalidParameter(`Filters cannot be more than ${FILTERS_MAX}`);
  for (const { Pattern = "" } of filters) {
    try {
      compilePattern(Pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw invalidParameter(
        `Invalid filter pattern definition. Cannot use ${Pattern.slice(0, 200)}: ${error.message}`,
      );
    }
  }
}
