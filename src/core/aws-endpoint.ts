/** A server that speaks for an AWS service. */
export interface AwsEndpoint {
  readonly url: string;
  readonly region: string;
  /** Null: requests go unsigned. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  } | null;
}
