/** Calls to other AWS services, or to what stands for them at the endpoints that the operator names: signed where there are credentials. */
import { AwsClient } from "aws4fetch";
import type { AwsEndpoint } from "../core/aws-endpoint.ts";

export interface OutgoingRequest {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** An operation of a service that speaks AWS's JSON protocol. */
export const jsonRequest = (
  endpoint: AwsEndpoint,
  { target, version, body }: { target: string; version: string; body: unknown },
): OutgoingRequest => ({
  method: "POST",
  url: `${endpoint.url}/`,
  headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target },
  body: JSON.stringify(body),
});

/** @param service as signatures name it. */
export function sendRequest(
  endpoint: AwsEndpoint,
  { service, request, signal }: { service: string; request: OutgoingRequest; signal: AbortSignal },
): Promise<Response> {
  const init = {
    method: request.method,
    headers: { ...request.headers },
    body: request.body as NonNullable<RequestInit["body"]>,
    signal,
  };
  if (!endpoint.credentials) return fetch(request.url, init);
  const { accessKeyId, secretAccessKey, sessionToken } = endpoint.credentials;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    region: endpoint.region,
    service,
    retries: 0, // who calls tries again, and knows when
  });
  return client.fetch(request.url, init);
}
