/** Requests signed by a client that is not ours: aws4fetch. */
import { AwsV4Signer } from "aws4fetch";
import { REGION } from "./app.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Unsigned {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly service?: "lambda" | "s3";
  readonly region?: string;
  /** Signs in the query, good for so many seconds. */
  readonly presignedSeconds?: number;
  readonly sessionToken?: string;
}

export interface Signed {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | undefined;
}

export async function sign(credentials: Credentials, input: Unsigned): Promise<Signed> {
  const url = new URL(input.url);
  if (input.presignedSeconds !== undefined) url.searchParams.set("X-Amz-Expires", String(input.presignedSeconds));
  const signer = new AwsV4Signer({
    ...credentials,
    method: input.method ?? "GET",
    url: url.href,
    headers: input.headers ?? {},
    service: input.service ?? "lambda",
    region: input.region ?? REGION,
    datetime: new Date(input.atMs).toISOString().replace(/[-:]|\.\d{3}/g, ""),
    signQuery: input.presignedSeconds !== undefined,
    ...(input.body !== undefined && { body: input.body }),
    ...(input.sessionToken !== undefined && { sessionToken: input.sessionToken }),
  });
  const signed = await signer.sign();
  const headers = new Headers(signed.headers);
  headers.set("host", signed.url.host); // whoever sends it does
  return { method: signed.method, url: signed.url.href, headers, body: input.body };
}
