/** Servers that speak for other AWS services, as AWS's own variables name them. */
import { SettingError } from "./config-setting.ts";
import type { AwsEndpoint } from "./core/aws-endpoint.ts";

/**
 * The first of the variables that is set, as every AWS client reads them; an empty one counts as one that is not. Source: AWS SDKs and Tools
 * Reference Guide, "Service-specific endpoints".
 */
export function readEndpoint(
  variables: readonly string[],
  { env, regionDefault }: { env: Readonly<Record<string, string | undefined>>; regionDefault: string },
): AwsEndpoint | null {
  const name = variables.find((variable) => env[variable]);
  const url = name === undefined ? undefined : env[name];
  if (!url || env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true") return null;
  if (!/^https?:\/\/[^/?#]/.test(url) || !URL.canParse(url))
    throw new SettingError(`Cannot use '${url}' for ${name}: it has to be a URL like http://127.0.0.1:9000`);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (Boolean(accessKeyId) !== Boolean(secretAccessKey))
    throw new SettingError(
      `Cannot use ${name}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have to be set together, or neither`,
    );
  return Object.freeze({
    url: url.replace(/\/+$/, ""),
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || regionDefault,
    credentials:
      accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken: token || undefined } : null,
  });
}
