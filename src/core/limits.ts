/** AWS Lambda's quotas, with the unit in the name. Source: Lambda Developer Guide, "Lambda quotas"; the API Reference. */
export const MIB = 1024 * 1024;

export const TIMEOUT_SECONDS_DEFAULT = 3;
export const MEMORY_MIB_DEFAULT = 128;
/** Source: Lambda Developer Guide, "Configure Lambda function memory": at 1,769 MB a function has one vCPU. */
export const MEMORY_MIB_OF_A_CORE = 1769;
export const EPHEMERAL_STORAGE_MIB_DEFAULT = 512;

/** A deployment package as uploaded, and after unpacking. */
export const PACKAGE_ZIPPED_BYTES_MAX = 50 * MIB;
export const PACKAGE_UNZIPPED_BYTES_MAX = 250 * MIB;
/** The body of CreateFunction and UpdateFunctionCode: 50 MiB in base64, and room for the rest (recorded on AWS). */
export const REQUEST_BYTES_MAX = 70_167_211;
export const ENVIRONMENT_BYTES_MAX = 4096;

export const SYNC_PAYLOAD_BYTES_MAX = 6 * MIB;
export const ASYNC_PAYLOAD_BYTES_MAX = MIB;
/** 100 bytes over 6 MiB: so does AWS's own emulator (aws-lambda-rie, maxPayloadSize). */
export const RESPONSE_BYTES_MAX = 6 * MIB + 100;
export const CLIENT_CONTEXT_BYTES_MAX = 3583;

export const LOG_TAIL_BYTES = 4096;
export const INIT_TIMEOUT_MS = 10_000;
/** Pages of ListFunctions, ListVersionsByFunction, ListLayers and the URL configurations never hold more. */
export const PAGE_ITEMS_MAX = 50;
/** Functions, versions and layers of an account together: 75 GiB. */
export const ACCOUNT_CODE_BYTES_DEFAULT = 75 * 1024 * MIB;
export const ACCOUNT_CONCURRENCY_DEFAULT = 1000;
