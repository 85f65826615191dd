import { afterEach, beforeEach, expect, test } from "bun:test";
import { readConfig } from "../../src/config.ts";

const NAMES = [
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
] as const;
type Variables = Partial<Record<(typeof NAMES)[number], string>>;
const before: Variables = {};

beforeEach(() => {
  for (const name of NAMES) {
    const value = process.env[name];
    if (value !== undefined) before[name] = value;
    delete process.env[name];
  }
});
afterEach(() => {
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, before);
});

const endpointOf = (variables: Variables) => {
  Object.assign(process.env, variables);
  return readConfig({ region: "eu-west-1" }, { seed: "s" }).s3;
};

test("without an endpoint there is none, whatever keys there are", () => {
  expect(endpointOf({ AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "us-east-1" })).toBeNull();
  expect(endpointOf({ AWS_ENDPOINT_URL: "" })).toBeNull();
});

test("the variable for S3 goes before the general one; region and keys have their defaults", () => {
  expect(endpointOf({ AWS_ENDPOINT_URL: "http://a:1/" })).toEqual({
    url: "http://a:1",
    region: "eu-west-1",
    credentials: null,
  });
  const all: Variables = { AWS_ENDPOINT_URL_S3: "https://b", AWS_REGION: "us-west-2", AWS_ACCESS_KEY_ID: "k" };
  expect(endpointOf({ ...all, AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" })).toEqual({
    url: "https://b",
    region: "us-west-2",
    credentials: { accessKeyId: "k", secretAccessKey: "s", sessionToken: "t" },
  });
});

test("endpoints can be switched off, as in every client", () => {
  expect(endpointOf({ AWS_ENDPOINT_URL: "http://a", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toBeNull();
});

test.each<{ variables: Variables; says: string }>([
  {
    variables: { AWS_ENDPOINT_URL_S3: "minio:9000" },
    says: "Cannot use 'minio:9000' for AWS_ENDPOINT_URL_S3: it has to be a URL",
  },
  { variables: { AWS_ENDPOINT_URL: "ftp://a" }, says: "Cannot use 'ftp://a' for AWS_ENDPOINT_URL" },
  { variables: { AWS_ENDPOINT_URL: "http://a", AWS_ACCESS_KEY_ID: "k" }, says: "have to be set together, or neither" },
])("refuses $variables", ({ variables, says }) => {
  expect(() => endpointOf(variables)).toThrow(says);
});
