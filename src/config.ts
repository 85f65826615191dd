/**
 * Everything that can be set: flags, then `LAMBENT_*` in the environment, then defaults, read once into one frozen value; and
 * the S3-compatible server that AWS's own variables name. No other module reads the environment.
 */
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { readEndpoint } from "./config-endpoints.ts";
import { type NetworkConfig, policyText, readNetwork } from "./config-network.ts";
import { matching, oneOf, type Setting, SettingError, setting, wholeNumber } from "./config-setting.ts";
import type { AwsEndpoint } from "./core/aws-endpoint.ts";
import { ACCOUNT_CODE_BYTES_DEFAULT, ACCOUNT_CONCURRENCY_DEFAULT, MIB } from "./core/limits.ts";
import type { LogLevel } from "./core/log.ts";

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** The keys that seal secrets at rest. */
  readonly keyFile: string;
  readonly region: string;
  readonly accountId: string;
  /** Seeds the routing of weighted aliases. */
  readonly seed: string;
  /** Whether those draw, or take turns as their weights say. */
  readonly routing: "sampled" | "exact";
  readonly auth: "auto" | "off" | "keys";
  /** PEM files; null: no TLS. */
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  /** Requests a second of one key; 0: no limit. */
  readonly rateLimit: number;
  /** What stands between a function and the host; auto: the strongest that works here. */
  readonly isolation: "auto" | "namespaces" | "landlock" | "none";
  /** Whether the kernel holds functions to what they may take, where this process may make control groups. */
  readonly controlGroups: "auto" | "off";
  /** Where functions may connect to. */
  readonly network: NetworkConfig;
  readonly logLevel: LogLevel;
  readonly functionErrors: "documented" | "aws";
  readonly idleTimeoutMs: number;
  /** How long a connection may bring nothing, and take nothing. */
  readonly connectionSeconds: number;
  readonly connectionsMax: number;
  /** What the bodies of all requests may take that are being read, or held for calls. */
  readonly bodyMemoryBytes: number;
  readonly drainTimeoutMs: number;
  readonly environmentsMax: number;
  readonly callsPerEnvironmentMax: number;
  readonly concurrencyMax: number;
  /** Of functions' logs and the records of invocations. */
  readonly retentionMs: number;
  readonly codeBytesMax: number;
  /** Where code is fetched from that is not in an embedded bucket; null: nowhere. */
  readonly s3: AwsEndpoint | null;
  /** Where records of asynchronous calls go; null: into the dead-letter box. */
  readonly sqs: AwsEndpoint | null;
  readonly sns: AwsEndpoint | null;
  readonly eventBridge: AwsEndpoint | null;
  readonly clock: "system" | "manual";
}

/** By default. */
const BODY_MEMORY_BYTES_MAX = 512 * MIB;
const HOUR_SECONDS = 3600;

export const SETTINGS = {
  host: setting("host", "address", {
    help: "address to listen on; other than loopback callers need keys, unless --auth off",
    fallback: "127.0.0.1",
    read: matching(/^[\w.:-]+$/, "an IP address or a host name"),
  }),
  port: setting("port", "number", {
    help: "port to listen on; 0 takes a free one",
    fallback: "4566",
    read: wholeNumber(0, 65535),
  }),
  dataDirectory: setting("data-dir", "path", {
    help: "folder for functions and all other state; made when it is not there",
    fallback: "./.lambent",
    read: matching(/./, "a path"),
  }),
  keyFile: setting("key-file", "path", {
    help: "keys that seal secrets at rest, mode 600; made when it is not there (default: lambent.key in the data folder)",
    read: matching(/./, "a path"),
  }),
  region: setting("region", "name", {
    help: "AWS region that this server stands for",
    fallback: "us-east-1",
    read: matching(/^[a-z]{2,}(-[a-z]+)+-\d$/, "the name of an AWS region, like us-east-1"),
  }),
  accountId: setting("account-id", "id", {
    help: "AWS account that this server stands for",
    fallback: "000000000000",
    read: matching(/^\d{12}$/, "twelve digits"),
  }),
  seed: setting("seed", "text", {
    help: "makes the routing of weighted aliases repeatable (default: drawn at start, and printed)",
    read: matching(/^.{1,200}$/, "a text of at most 200 characters"),
  }),
  routing: setting("routing", "mode", {
    help: "how weighted aliases choose: sampled (a seeded draw for each call) or exact (evenly, for tests)",
    fallback: "sampled",
    read: oneOf("sampled", "exact"),
  }),
  auth: setting("auth", "mode", {
    help: "who may call: keys (who signs with one), off (everybody), or auto (keys, but on loopback off)",
    fallback: "auto",
    read: oneOf("auto", "off", "keys"),
  }),
  rateLimit: setting("rate-limit", "count", {
    help: "requests a second that a key may make that has no rate of its own; 0: as many as it likes",
    fallback: "10000",
    read: wholeNumber(0, 1_000_000),
  }),
  tlsCert: setting("tls-cert", "path", {
    help: "certificate chain, PEM: speak TLS, with --tls-key; taken over when it changes",
    read: (text) => text,
  }),
  tlsKey: setting("tls-key", "path", { help: "the certificate's private key, PEM", read: (text) => text }),
  isolation: setting("isolation", "mode", {
    help: "walls around functions: namespaces, landlock, none, or auto (the strongest that works here; never none on Linux)",
    fallback: "auto",
    read: oneOf("auto", "namespaces", "landlock", "none"),
  }),
  controlGroups: setting("control-groups", "mode", {
    help: "auto (the kernel holds functions' memory, processes and shares, where it lets this server ask for it) or off",
    fallback: "auto",
    read: oneOf("auto", "off"),
  }),
  network: setting("network", "policy", {
    help: "where functions may connect to: all, none, or hosts and ports with commas between them (db.internal:5432,10.0.0.0/8)",
    fallback: "all",
    read: policyText,
  }),
  networkOpen: setting("network-open", "hosts", {
    help: "what they may reach besides, though it is this host or a metadata service: 127.0.0.1:5432,localhost:3000",
    fallback: "",
    read: policyText,
  }),
  networkPolicies: setting("network-policies", "path", {
    help: 'file with a policy for each security group that a function may name: {"sg-0db1": "db.internal:5432"}',
    fallback: "",
    read: (text) => text,
  }),
  logLevel: setting("log-level", "level", {
    help: "the server's own log: debug, info, warn, error or silent",
    fallback: "warn",
    read: oneOf("debug", "info", "warn", "error", "silent"),
  }),
  functionErrors: setting("function-errors", "meaning", {
    help: "FunctionError as the API documents have it (documented) or as AWS sends it today (aws: always Unhandled)",
    fallback: "documented",
    read: oneOf("documented", "aws"),
  }),
  idleTimeoutSeconds: setting("idle-timeout", "seconds", {
    help: "an execution environment that was not used for so long ends",
    fallback: "600",
    read: wholeNumber(1, 24 * HOUR_SECONDS),
  }),
  connectionSeconds: setting("connection-timeout", "seconds", {
    help: "how long a client may keep a connection waiting; calls that run are not counted",
    fallback: "60",
    read: wholeNumber(1, 255),
  }),
  connectionsMax: setting("max-connections", "count", {
    help: "connections beyond so many are closed, idle ones first; never more than half of what ulimit -n allows (Linux only)",
    fallback: "10000",
    read: wholeNumber(1, 1_000_000),
  }),
  bodyMemoryMib: setting("max-body-memory", "MiB", {
    help: "memory for the bodies of all requests together; beyond it, who sends a large one has to wait (default: 512, or an eighth of the memory)",
    read: wholeNumber(1, 1_048_576),
  }),
  drainTimeoutSeconds: setting("drain-timeout", "seconds", {
    help: "how long running calls may take to finish after SIGTERM or SIGINT",
    fallback: "30",
    read: wholeNumber(0, HOUR_SECONDS),
  }),
  environmentsMax: setting("max-environments", "count", {
    help: "how many execution environments may exist at the same time",
    fallback: "200",
    read: wholeNumber(1, 10_000),
  }),
  callsPerEnvironmentMax: setting("max-calls-per-environment", "count", {
    help: "after so many calls an execution environment is replaced by a new one",
    fallback: "1000000",
    read: wholeNumber(1, 1_000_000_000),
  }),
  concurrencyMax: setting("concurrency", "count", {
    help: "how many calls may run at the same time in the account",
    fallback: String(ACCOUNT_CONCURRENCY_DEFAULT),
    read: wholeNumber(1, 100_000),
  }),
  retentionDays: setting("retention-days", "days", {
    help: "how long functions' logs and the records of invocations are kept",
    fallback: "14",
    read: wholeNumber(1, 3650),
  }),
  clock: setting("clock", "kind", {
    help: "system, or manual: for what waits, time stands still until POST /_lambent/clock moves it (tests and demos)",
    fallback: "system",
    read: oneOf("system", "manual"),
  }),
} as const satisfies Record<string, Setting>;

const DAY_MS = 24 * 60 * 60 * 1000;

export type SettingName = keyof typeof SETTINGS;

/**
 * @param given the flags' values, as text, by setting.
 * @throws SettingError that names the flag or variable and says what its value has to be.
 */
export function readConfig(given: Partial<Record<SettingName, string>>, defaults: { seed: string }): Config {
  const fallbacks: Partial<Record<SettingName, string>> = {
    seed: defaults.seed,
    bodyMemoryMib: String(Math.ceil(Math.min(BODY_MEMORY_BYTES_MAX, memoryBytes() / 8) / MIB)),
    get keyFile() {
      return join(text("dataDirectory"), "lambent.key");
    },
  };
  const text = (name: SettingName): string => String(readSetting(name, { given, fallback: fallbacks[name] }));
  const number = (name: SettingName): number => Number(text(name));
  const endpoint = (variables: readonly string[]): AwsEndpoint | null =>
    readEndpoint(variables, { env: process.env, regionDefault: text("region") });
  return Object.freeze({
    host: text("host"),
    port: number("port"),
    dataDirectory: resolve(text("dataDirectory")),
    keyFile: resolve(text("keyFile")),
    region: text("region"),
    accountId: text("accountId"),
    seed: text("seed"),
    routing: text("routing") as Config["routing"],
    auth: text("auth") as Config["auth"],
    ...readTlsPaths(text("tlsCert"), text("tlsKey")),
    rateLimit: number("rateLimit"),
    isolation: text("isolation") as Config["isolation"],
    controlGroups: text("controlGroups") as Config["controlGroups"],
    network: readNetwork({ policy: text("network"), open: text("networkOpen"), policies: text("networkPolicies") }),
    logLevel: text("logLevel") as LogLevel,
    functionErrors: text("functionErrors") as Config["functionErrors"],
    idleTimeoutMs: number("idleTimeoutSeconds") * 1000,
    connectionSeconds: number("connectionSeconds"),
    connectionsMax: number("connectionsMax"),
    bodyMemoryBytes: number("bodyMemoryMib") * MIB,
    drainTimeoutMs: number("drainTimeoutSeconds") * 1000,
    environmentsMax: number("environmentsMax"),
    callsPerEnvironmentMax: number("callsPerEnvironmentMax"),
    concurrencyMax: number("concurrencyMax"),
    retentionMs: number("retentionDays") * DAY_MS,
    codeBytesMax: ACCOUNT_CODE_BYTES_DEFAULT,
    s3: endpoint(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
    // Not the variable for all services: where one server stands for all of AWS, Lambent is behind it or is meant itself.
    sqs: endpoint(["AWS_ENDPOINT_URL_SQS"]),
    sns: endpoint(["AWS_ENDPOINT_URL_SNS"]),
    eventBridge: endpoint(["AWS_ENDPOINT_URL_EVENTBRIDGE"]),
    clock: text("clock") as Config["clock"],
  });
}

/** Of the machine, or of the control group that this process is in. */
const memoryBytes = (): number => Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);

function readTlsPaths(cert: string, key: string): Pick<Config, "tlsCert" | "tlsKey"> {
  if ((cert === "") !== (key === ""))
    throw new SettingError("Cannot use --tls-cert or --tls-key alone: give both, or neither");
  return cert === "" ? { tlsCert: null, tlsKey: null } : { tlsCert: resolve(cert), tlsKey: resolve(key) };
}

function readSetting(
  name: SettingName,
  { given, fallback }: { given: Partial<Record<SettingName, string>>; fallback: string | undefined },
): string | number {
  const row: Setting = SETTINGS[name];
  const fromFlag = given[name];
  const text = fromFlag ?? process.env[row.env] ?? row.fallback ?? fallback ?? "";
  const source = fromFlag === undefined ? row.env : `--${row.flag}`;
  try {
    return row.read(text);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new SettingError(`Cannot use '${text}' for ${source}: ${error.message}`);
  }
}

/** Whether anybody but this machine can reach an address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
