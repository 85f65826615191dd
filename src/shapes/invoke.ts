import { blob, events, header, type Infer, int, payload, query, statusCode, str, struct, uri } from "./dsl.ts";
import {
  Blob,
  DurableExecutionArn,
  DurableExecutionName,
  NamespacedFunctionName,
  NumericLatestPublishedOrAliasQualifier,
  TenantId,
  Version,
} from "./names.ts";

/**
 * Calls. The payload is the body itself; everything else travels in the path, the query and the headers.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const LogType = str({ oneOf: ["None", "Tail"] });

export const InvocationRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  InvocationType: header("X-Amz-Invocation-Type", str({ oneOf: ["Event", "RequestResponse", "DryRun"] })),
  LogType: header("X-Amz-Log-Type", LogType),
  ClientContext: header("X-Amz-Client-Context", str()),
  DurableExecutionName: header("X-Amz-Durable-Execution-Name", DurableExecutionName),
  Payload: payload(Blob),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  TenantId: header("X-Amz-Tenant-Id", TenantId),
});
export type InvokeInput = Infer<typeof InvocationRequest>;

export const InvocationResponse = struct([], {
  StatusCode: statusCode(int()),
  FunctionError: header("X-Amz-Function-Error", str()),
  LogResult: header("X-Amz-Log-Result", str()),
  Payload: payload(Blob),
  ExecutedVersion: header("X-Amz-Executed-Version", Version),
  DurableExecutionArn: header("X-Amz-Durable-Execution-Arn", DurableExecutionArn),
});
export type InvocationResponse = Infer<typeof InvocationResponse>;

export const InvokeAsyncRequest = struct(["FunctionName", "InvokeArgs"], {
  FunctionName: uri(NamespacedFunctionName),
  InvokeArgs: payload(blob()),
});
export type InvokeAsyncInput = Infer<typeof InvokeAsyncRequest>;

export const InvokeAsyncResponse = struct([], {
  Status: statusCode(int()),
});
export type InvokeAsyncResponse = Infer<typeof InvokeAsyncResponse>;

export const InvokeWithResponseStreamRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  LogType: header("X-Amz-Log-Type", LogType),
  ClientContext: header("X-Amz-Client-Context", str()),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  Payload: payload(Blob),
  TenantId: header("X-Amz-Tenant-Id", TenantId),
  InvocationType: header("X-Amz-Invocation-Type", str({ oneOf: ["RequestResponse", "DryRun"] })),
});
export type InvokeWithResponseStreamInput = Infer<typeof InvokeWithResponseStreamRequest>;

export const InvokeResponseStreamUpdate = struct([], {
  Payload: payload(Blob),
});
export type InvokeResponseStreamUpdate = Infer<typeof InvokeResponseStreamUpdate>;

export const InvokeWithResponseStreamCompleteEvent = struct([], {
  ErrorCode: str(),
  ErrorDetails: str(),
  LogResult: str(),
});
export type InvokeWithResponseStreamCompleteEvent = Infer<typeof InvokeWithResponseStreamCompleteEvent>;

export const InvokeWithResponseStreamResponseEvent = events({
  PayloadChunk: InvokeResponseStreamUpdate,
  InvokeComplete: InvokeWithResponseStreamCompleteEvent,
});
export type InvokeWithResponseStreamResponseEvent = Infer<typeof InvokeWithResponseStreamResponseEvent>;

export const InvokeWithResponseStreamResponse = struct([], {
  StatusCode: statusCode(int()),
  ExecutedVersion: header("X-Amz-Executed-Version", Version),
  EventStream: payload(InvokeWithResponseStreamResponseEvent),
  ResponseStreamContentType: header("Content-Type", str()),
});
export type InvokeWithResponseStreamResponse = Infer<typeof InvokeWithResponseStreamResponse>;
