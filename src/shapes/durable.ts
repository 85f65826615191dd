import { blob, bool, type Infer, int, list, payload, query, str, struct, timestamp, uri } from "./dsl.ts";
import { DurableConfig } from "./functions.ts";
import {
  DurableExecutionArn,
  DurableExecutionName,
  KMSKeyArn,
  NameSpacedFunctionArn,
  NamespacedFunctionName,
  NumericLatestPublishedOrAliasQualifier,
  TenantId,
  VersionWithLatestPublished,
} from "./names.ts";

/**
 * Durable executions: their history, their checkpoints, and the callbacks that they wait for. Times in seconds.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const GetDurableExecutionRequest = struct(["DurableExecutionArn"], {
  DurableExecutionArn: uri(DurableExecutionArn),
  IncludeExecutionData: query("IncludeExecutionData", bool()),
});
export type GetDurableExecutionInput = Infer<typeof GetDurableExecutionRequest>;

export const InputPayload = str({ min: 0, max: 6_291_456, sensitive: true });

export const ErrorObject = struct([], {
  ErrorMessage: str({ sensitive: true }),
  ErrorType: str({ sensitive: true }),
  ErrorData: str({ sensitive: true }),
  StackTrace: list(str({ sensitive: true })),
});
export type ErrorObject = Infer<typeof ErrorObject>;

export const ExecutionStatus = str({ oneOf: ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"] });

export const TraceHeader = struct([], {
  XAmznTraceId: str({ min: 0, max: 8192 }),
});
export type TraceHeader = Infer<typeof TraceHeader>;

export const GetDurableExecutionResponse = struct(
  ["DurableExecutionArn", "DurableExecutionName", "FunctionArn", "StartTimestamp", "Status"],
  {
    DurableExecutionArn,
    DurableExecutionName,
    FunctionArn: NameSpacedFunctionArn,
    InputPayload,
    Result: str({ min: 0, max: 6_291_456, sensitive: true }),
    Error: ErrorObject,
    StartTimestamp: timestamp(),
    Status: ExecutionStatus,
    EndTimestamp: timestamp(),
    Version: VersionWithLatestPublished,
    TraceHeader,
    ExecutionDataIncluded: bool(),
    DurableConfig,
  },
);
export type GetDurableExecutionResponse = Infer<typeof GetDurableExecutionResponse>;

export const ItemCount = int({ min: 0, max: 1000 });

export const GetDurableExecutionHistoryRequest = struct(["DurableExecutionArn"], {
  DurableExecutionArn: uri(DurableExecutionArn),
  IncludeExecutionData: query("IncludeExecutionData", bool()),
  MaxItems: query("MaxItems", ItemCount),
  Marker: query("Marker", str()),
  ReverseOrder: query("ReverseOrder", bool()),
});
export type GetDurableExecutionHistoryInput = Infer<typeof GetDurableExecutionHistoryRequest>;

export const EventType = str({
  oneOf: [
    "ExecutionStarted",
    "ExecutionSucceeded",
    "ExecutionFailed",
    "ExecutionTimedOut",
    "ExecutionStopped",
    "ContextStarted",
    "ContextSucceeded",
    "ContextFailed",
    "WaitStarted",
    "WaitSucceeded",
    "WaitCancelled",
    "StepStarted",
    "StepSucceeded",
    "StepFailed",
    "ChainedInvokeStarted",
    "ChainedInvokeSucceeded",
    "ChainedInvokeFailed",
    "ChainedInvokeTimedOut",
    "ChainedInvokeStopped",
    "CallbackStarted",
    "CallbackSucceeded",
    "CallbackFailed",
    "CallbackTimedOut",
    "InvocationCompleted",
  ],
});
export const OperationSubType = str({ min: 1, max: 32, pattern: "[a-zA-Z0-9-_]+" });
export const OperationId = str({ min: 1, max: 64, pattern: "[a-zA-Z0-9-_]+" });
export const OperationName = str({ min: 1, max: 256, pattern: String.raw`[\x20-\x7E]+` });

export const EventInput = struct([], {
  Payload: InputPayload,
  Truncated: bool(),
});
export type EventInput = Infer<typeof EventInput>;

export const DurationSeconds = int({ min: 0 });

export const ExecutionStartedDetails = struct(["Input", "ExecutionTimeout"], {
  Input: EventInput,
  ExecutionTimeout: DurationSeconds,
});
export type ExecutionStartedDetails = Infer<typeof ExecutionStartedDetails>;

export const OperationPayload = str({ min: 0, max: 6_291_456, sensitive: true });

export const EventResult = struct([], {
  Payload: OperationPayload,
  Truncated: bool(),
});
export type EventResult = Infer<typeof EventResult>;

export const ExecutionSucceededDetails = struct(["Result"], {
  Result: EventResult,
});
export type ExecutionSucceededDetails = Infer<typeof ExecutionSucceededDetails>;

export const EventError = struct([], {
  Payload: ErrorObject,
  Truncated: bool(),
});
export type EventError = Infer<typeof EventError>;

export const ExecutionFailedDetails = struct(["Error"], {
  Error: EventError,
});
export type ExecutionFailedDetails = Infer<typeof ExecutionFailedDetails>;

export const ExecutionTimedOutDetails = struct([], {
  Error: EventError,
});
export type ExecutionTimedOutDetails = Infer<typeof ExecutionTimedOutDetails>;

export const ExecutionStoppedDetails = struct(["Error"], {
  Error: EventError,
});
export type ExecutionStoppedDetails = Infer<typeof ExecutionStoppedDetails>;

export const ContextStartedDetails = struct([], {});
export type ContextStartedDetails = Infer<typeof ContextStartedDetails>;

export const ContextSucceededDetails = struct(["Result"], {
  Result: EventResult,
});
export type ContextSucceededDetails = Infer<typeof ContextSucceededDetails>;

export const ContextFailedDetails = struct(["Error"], {
  Error: EventError,
});
export type ContextFailedDetails = Infer<typeof ContextFailedDetails>;

export const WaitStartedDetails = struct(["Duration", "ScheduledEndTimestamp"], {
  Duration: DurationSeconds,
  ScheduledEndTimestamp: timestamp(),
});
export type WaitStartedDetails = Infer<typeof WaitStartedDetails>;

export const WaitSucceededDetails = struct([], {
  Duration: DurationSeconds,
});
export type WaitSucceededDetails = Infer<typeof WaitSucceededDetails>;

export const WaitCancelledDetails = struct([], {
  Error: EventError,
});
export type WaitCancelledDetails = Infer<typeof WaitCancelledDetails>;

export const StepStartedDetails = struct([], {});
export type StepStartedDetails = Infer<typeof StepStartedDetails>;

export const AttemptCount = int({ min: 0 });

export const RetryDetails = struct([], {
  CurrentAttempt: AttemptCount,
  NextAttemptDelaySeconds: DurationSeconds,
});
export type RetryDetails = Infer<typeof RetryDetails>;

export const StepSucceededDetails = struct(["Result", "RetryDetails"], {
  Result: EventResult,
  RetryDetails,
});
export type StepSucceededDetails = Infer<typeof StepSucceededDetails>;

export const StepFailedDetails = struct(["Error", "RetryDetails"], {
  Error: EventError,
  RetryDetails,
});
export type StepFailedDetails = Infer<typeof StepFailedDetails>;

export const ChainedInvokeStartedDetails = struct(["FunctionName"], {
  FunctionName: NamespacedFunctionName,
  TenantId,
  Input: EventInput,
  ExecutedVersion: VersionWithLatestPublished,
  DurableExecutionArn,
});
export type ChainedInvokeStartedDetails = Infer<typeof ChainedInvokeStartedDetails>;

export const ChainedInvokeSucceededDetails = struct(["Result"], {
  Result: EventResult,
});
export type ChainedInvokeSucceededDetails = Infer<typeof ChainedInvokeSucceededDetails>;

export const ChainedInvokeFailedDetails = struct(["Error"], {
  Error: EventError,
});
export type ChainedInvokeFailedDetails = Infer<typeof ChainedInvokeFailedDetails>;

export const ChainedInvokeTimedOutDetails = struct(["Error"], {
  Error: EventError,
});
export type ChainedInvokeTimedOutDetails = Infer<typeof ChainedInvokeTimedOutDetails>;

export const ChainedInvokeStoppedDetails = struct(["Error"], {
  Error: EventError,
});
export type ChainedInvokeStoppedDetails = Infer<typeof ChainedInvokeStoppedDetails>;

export const CallbackId = str({ min: 1, max: 1024, pattern: "[A-Za-z0-9+/]+={0,2}" });

export const CallbackStartedDetails = struct(["CallbackId"], {
  CallbackId,
  HeartbeatTimeout: DurationSeconds,
  Timeout: DurationSeconds,
});
export type CallbackStartedDetails = Infer<typeof CallbackStartedDetails>;

export const CallbackSucceededDetails = struct(["Result"], {
  Result: EventResult,
});
export type CallbackSucceededDetails = Infer<typeof CallbackSucceededDetails>;

export const CallbackFailedDetails = struct(["Error"], {
  Error: EventError,
});
export type CallbackFailedDetails = Infer<typeof CallbackFailedDetails>;

export const CallbackTimedOutDetails = struct(["Error"], {
  Error: EventError,
});
export type CallbackTimedOutDetails = Infer<typeof CallbackTimedOutDetails>;

export const InvocationCompletedDetails = struct(["StartTimestamp", "EndTimestamp", "RequestId"], {
  StartTimestamp: timestamp(),
  EndTimestamp: timestamp(),
  RequestId: str(),
  Error: EventError,
});
export type InvocationCompletedDetails = Infer<typeof InvocationCompletedDetails>;

export const Event = struct([], {
  EventType,
  SubType: OperationSubType,
  EventId: int({ min: 1 }),
  Id: OperationId,
  Name: OperationName,
  EventTimestamp: timestamp(),
  ParentId: OperationId,
  ExecutionStartedDetails,
  ExecutionSucceededDetails,
  ExecutionFailedDetails,
  ExecutionTimedOutDetails,
  ExecutionStoppedDetails,
  ContextStartedDetails,
  ContextSucceededDetails,
  ContextFailedDetails,
  WaitStartedDetails,
  WaitSucceededDetails,
  WaitCancelledDetails,
  StepStartedDetails,
  StepSucceededDetails,
  StepFailedDetails,
  ChainedInvokeStartedDetails,
  ChainedInvokeSucceededDetails,
  ChainedInvokeFailedDetails,
  ChainedInvokeTimedOutDetails,
  ChainedInvokeStoppedDetails,
  CallbackStartedDetails,
  CallbackSucceededDetails,
  CallbackFailedDetails,
  CallbackTimedOutDetails,
  InvocationCompletedDetails,
});
export type Event = Infer<typeof Event>;

export const GetDurableExecutionHistoryResponse = struct(["Events"], {
  Events: list(Event),
  NextMarker: str(),
});
export type GetDurableExecutionHistoryResponse = Infer<typeof GetDurableExecutionHistoryResponse>;

export const CheckpointToken = str({ min: 1, max: 2048, pattern: "[A-Za-z0-9+/]+={0,2}" });

export const GetDurableExecutionStateRequest = struct(["DurableExecutionArn", "CheckpointToken"], {
  DurableExecutionArn: uri(DurableExecutionArn),
  CheckpointToken: query("CheckpointToken", CheckpointToken),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", ItemCount),
});
export type GetDurableExecutionStateInput = Infer<typeof GetDurableExecutionStateRequest>;

export const OperationType = str({ oneOf: ["EXECUTION", "CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE"] });

export const ExecutionDetails = struct([], {
  InputPayload,
});
export type ExecutionDetails = Infer<typeof ExecutionDetails>;

export const ContextDetails = struct([], {
  ReplayChildren: bool(),
  Result: OperationPayload,
  Error: ErrorObject,
});
export type ContextDetails = Infer<typeof ContextDetails>;

export const StepDetails = struct([], {
  Attempt: AttemptCount,
  NextAttemptTimestamp: timestamp(),
  Result: OperationPayload,
  Error: ErrorObject,
});
export type StepDetails = Infer<typeof StepDetails>;

export const WaitDetails = struct([], {
  ScheduledEndTimestamp: timestamp(),
});
export type WaitDetails = Infer<typeof WaitDetails>;

export const CallbackDetails = struct([], {
  CallbackId,
  Result: OperationPayload,
  Error: ErrorObject,
});
export type CallbackDetails = Infer<typeof CallbackDetails>;

export const ChainedInvokeDetails = struct([], {
  Result: OperationPayload,
  Error: ErrorObject,
});
export type ChainedInvokeDetails = Infer<typeof ChainedInvokeDetails>;

export const Operation = struct(["Id", "Type", "StartTimestamp", "Status"], {
  Id: OperationId,
  ParentId: OperationId,
  Name: OperationName,
  Type: OperationType,
  SubType: OperationSubType,
  StartTimestamp: timestamp(),
  EndTimestamp: timestamp(),
  Status: str({ oneOf: ["STARTED", "PENDING", "READY", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"] }),
  ExecutionDetails,
  ContextDetails,
  StepDetails,
  WaitDetails,
  CallbackDetails,
  ChainedInvokeDetails,
});
export type Operation = Infer<typeof Operation>;

export const Operations = list(Operation);

export const GetDurableExecutionStateResponse = struct(["Operations"], {
  Operations,
  NextMarker: str(),
});
export type GetDurableExecutionStateResponse = Infer<typeof GetDurableExecutionStateResponse>;

export const ListDurableExecutionsByFunctionRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  DurableExecutionName: query("DurableExecutionName", DurableExecutionName),
  Statuses: query("Statuses", list(ExecutionStatus, { min: 1, max: 10 })),
  StartedAfter: query("StartedAfter", timestamp()),
  StartedBefore: query("StartedBefore", timestamp()),
  ReverseOrder: query("ReverseOrder", bool()),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", ItemCount),
});
export type ListDurableExecutionsByFunctionInput = Infer<typeof ListDurableExecutionsByFunctionRequest>;

export const Execution = struct(
  ["DurableExecutionArn", "DurableExecutionName", "FunctionArn", "Status", "StartTimestamp"],
  {
    DurableExecutionArn,
    DurableExecutionName,
    FunctionArn: NameSpacedFunctionArn,
    Status: ExecutionStatus,
    StartTimestamp: timestamp(),
    EndTimestamp: timestamp(),
    KMSKeyArn,
  },
);
export type Execution = Infer<typeof Execution>;

export const ListDurableExecutionsByFunctionResponse = struct([], {
  DurableExecutions: list(Execution),
  NextMarker: str(),
});
export type ListDurableExecutionsByFunctionResponse = Infer<typeof ListDurableExecutionsByFunctionResponse>;

export const ContextOptions = struct([], {
  ReplayChildren: bool(),
});
export type ContextOptions = Infer<typeof ContextOptions>;

export const StepOptions = struct([], {
  NextAttemptDelaySeconds: int({ min: 1, max: 31_622_400 }),
});
export type StepOptions = Infer<typeof StepOptions>;

export const WaitOptions = struct([], {
  WaitSeconds: int({ min: 1, max: 31_622_400 }),
});
export type WaitOptions = Infer<typeof WaitOptions>;

export const CallbackOptions = struct([], {
  TimeoutSeconds: int({ min: 0, max: 99_999_999 }),
  HeartbeatTimeoutSeconds: int({ min: 0, max: 99_999_999 }),
});
export type CallbackOptions = Infer<typeof CallbackOptions>;

export const ChainedInvokeOptions = struct(["FunctionName"], {
  FunctionName: NamespacedFunctionName,
  TenantId,
});
export type ChainedInvokeOptions = Infer<typeof ChainedInvokeOptions>;

export const OperationUpdate = struct(["Id", "Type", "Action"], {
  Id: OperationId,
  ParentId: OperationId,
  Name: OperationName,
  Type: OperationType,
  SubType: OperationSubType,
  Action: str({ oneOf: ["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"] }),
  Payload: OperationPayload,
  Error: ErrorObject,
  ContextOptions,
  StepOptions,
  WaitOptions,
  CallbackOptions,
  ChainedInvokeOptions,
});
export type OperationUpdate = Infer<typeof OperationUpdate>;

export const CheckpointDurableExecutionRequest = struct(["DurableExecutionArn", "CheckpointToken"], {
  DurableExecutionArn: uri(DurableExecutionArn),
  CheckpointToken,
  Updates: list(OperationUpdate),
  ClientToken: str({ min: 1, max: 64, pattern: String.raw`[\x21-\x7E]+` }),
});
export type CheckpointDurableExecutionInput = Infer<typeof CheckpointDurableExecutionRequest>;

export const CheckpointUpdatedExecutionState = struct([], {
  Operations,
  NextMarker: str(),
});
export type CheckpointUpdatedExecutionState = Infer<typeof CheckpointUpdatedExecutionState>;

export const CheckpointDurableExecutionResponse = struct(["NewExecutionState"], {
  CheckpointToken,
  NewExecutionState: CheckpointUpdatedExecutionState,
});
export type CheckpointDurableExecutionResponse = Infer<typeof CheckpointDurableExecutionResponse>;

export const StopDurableExecutionRequest = struct(["DurableExecutionArn"], {
  DurableExecutionArn: uri(DurableExecutionArn),
  Error: payload(ErrorObject),
});
export type StopDurableExecutionInput = Infer<typeof StopDurableExecutionRequest>;

export const StopDurableExecutionResponse = struct(["StopTimestamp"], {
  StopTimestamp: timestamp(),
});
export type StopDurableExecutionResponse = Infer<typeof StopDurableExecutionResponse>;

export const SendDurableExecutionCallbackSuccessRequest = struct(["CallbackId"], {
  CallbackId: uri(CallbackId),
  Result: payload(blob({ min: 0, max: 262_144, sensitive: true })),
});
export type SendDurableExecutionCallbackSuccessInput = Infer<typeof SendDurableExecutionCallbackSuccessRequest>;

export const SendDurableExecutionCallbackSuccessResponse = struct([], {});
export type SendDurableExecutionCallbackSuccessResponse = Infer<typeof SendDurableExecutionCallbackSuccessResponse>;

export const SendDurableExecutionCallbackFailureRequest = struct(["CallbackId"], {
  CallbackId: uri(CallbackId),
  Error: payload(ErrorObject),
});
export type SendDurableExecutionCallbackFailureInput = Infer<typeof SendDurableExecutionCallbackFailureRequest>;

export const SendDurableExecutionCallbackFailureResponse = struct([], {});
export type SendDurableExecutionCallbackFailureResponse = Infer<typeof SendDurableExecutionCallbackFailureResponse>;

export const SendDurableExecutionCallbackHeartbeatRequest = struct(["CallbackId"], {
  CallbackId: uri(CallbackId),
});
export type SendDurableExecutionCallbackHeartbeatInput = Infer<typeof SendDurableExecutionCallbackHeartbeatRequest>;

export const SendDurableExecutionCallbackHeartbeatResponse = struct([], {});
export type SendDurableExecutionCallbackHeartbeatResponse = Infer<typeof SendDurableExecutionCallbackHeartbeatResponse>;
