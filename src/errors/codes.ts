/** How one error goes over the wire: its status, the JSON key of its text, and its `Type` (none: the body has no Type). */
export interface ErrorRow {
  readonly status: number;
  readonly key: "Message" | "message";
  readonly fault?: "User" | "Service";
}

/**
 * Every error a caller can meet. The first table is the API's own, each under the key that its model names. The second
 * never reaches a service verb at AWS (signatures, parsing, constraints), so its bodies carry no `Type`.
 */
export const ERROR_CODES = {
  AliasLimitExceededException: { status: 400, key: "message", fault: "User" },
  CallbackTimeoutException: { status: 400, key: "Message", fault: "User" },
  CapacityProviderLimitExceededException: { status: 400, key: "message", fault: "User" },
  CodeArtifactUserDeletedException: { status: 409, key: "message", fault: "User" },
  CodeArtifactUserFailedException: { status: 409, key: "message", fault: "User" },
  CodeArtifactUserPendingException: { status: 409, key: "message", fault: "User" },
  CodeSigningConfigNotFoundException: { status: 404, key: "Message", fault: "User" },
  CodeStorageExceededException: { status: 400, key: "message", fault: "User" },
  CodeVerificationFailedException: { status: 400, key: "Message", fault: "User" },
  DurableExecutionAlreadyStartedException: { status: 409, key: "Message", fault: "User" },
  EC2AccessDeniedException: { status: 502, key: "Message", fault: "Service" },
  EC2ThrottledException: { status: 502, key: "Message", fault: "Service" },
  EC2UnexpectedException: { status: 502, key: "Message", fault: "Service" },
  EFSIOException: { status: 410, key: "Message", fault: "User" },
  EFSMountConnectivityException: { status: 408, key: "Message", fault: "User" },
  EFSMountFailureException: { status: 403, key: "Message", fault: "User" },
  EFSMountTimeoutException: { status: 408, key: "Message", fault: "User" },
  ENILimitReachedException: { status: 502, key: "Message", fault: "Service" },
  ENINotReadyException: { status: 502, key: "Message", fault: "Service" },
  FunctionVersionsPerCapacityProviderLimitExceededException: { status: 400, key: "message", fault: "User" },
  InvalidCodeSignatureException: { status: 400, key: "Message", fault: "User" },
  InvalidParameterValueException: { status: 400, key: "message", fault: "User" },
  InvalidRequestContentException: { status: 400, key: "message", fault: "User" },
  InvalidRuntimeException: { status: 502, key: "Message", fault: "Service" },
  InvalidSecurityGroupIDException: { status: 502, key: "Message", fault: "Service" },
  InvalidSubnetIDException: { status: 502, key: "Message", fault: "Service" },
  InvalidZipFileException: { status: 502, key: "Message", fault: "Service" },
  KMSAccessDeniedException: { status: 502, key: "Message", fault: "Service" },
  KMSDisabledException: { status: 502, key: "Message", fault: "Service" },
  KMSInvalidStateException: { status: 502, key: "Message", fault: "Service" },
  KMSNotFoundException: { status: 502, key: "Message", fault: "Service" },
  ModeNotSupportedException: { status: 400, key: "message", fault: "User" },
  NoPublishedVersionException: { status: 400, key: "Message", fault: "User" },
  PolicyLengthExceededException: { status: 400, key: "message", fault: "User" },
  PreconditionFailedException: { status: 412, key: "message", fault: "User" },
  ProvisionedConcurrencyConfigNotFoundException: { status: 404, key: "message", fault: "User" },
  PublicPolicyException: { status: 400, key: "Message", fault: "User" },
  RecursiveInvocationException: { status: 400, key: "Message", fault: "User" },
  RequestTooLargeException: { status: 413, key: "message", fault: "User" },
  ResourceConflictException: { status: 409, key: "message", fault: "User" },
  ResourceInUseException: { status: 400, key: "Message", fault: "User" },
  ResourceNotFoundException: { status: 404, key: "Message", fault: "User" },
  ResourceNotReadyException: { status: 502, key: "message", fault: "Service" },
  S3FilesMountConnectivityException: { status: 408, key: "Message", fault: "User" },
  S3FilesMountFailureException: { status: 403, key: "Message", fault: "User" },
  S3FilesMountTimeoutException: { status: 408, key: "Message", fault: "User" },
  SerializedRequestEntityTooLargeException: { status: 413, key: "message", fault: "User" },
  ServiceException: { status: 500, key: "Message", fault: "Service" },
  ServiceQuotaExceededException: { status: 402, key: "Message", fault: "User" },
  SnapStartException: { status: 400, key: "Message", fault: "User" },
  SnapStartNotReadyException: { status: 409, key: "Message", fault: "User" },
  SnapStartRegenerationFailureException: { status: 409, key: "Message", fault: "User" },
  SnapStartTimeoutException: { status: 408, key: "Message", fault: "User" },
  SubnetIPAddressLimitReachedException: { status: 502, key: "Message", fault: "Service" },
  TooManyRequestsException: { status: 429, key: "message", fault: "User" },
  UnsupportedMediaTypeException: { status: 415, key: "message", fault: "User" },

  AccessDeniedException: { status: 403, key: "Message" },
  ExpiredTokenException: { status: 403, key: "message" },
  IncompleteSignatureException: { status: 400, key: "message" },
  InvalidSignatureException: { status: 403, key: "message" },
  MissingAuthenticationTokenException: { status: 403, key: "message" },
  RequestEntityTooLargeException: { status: 413, key: "message" },
  SerializationException: { status: 400, key: "message" },
  UnknownOperationException: { status: 404, key: "message" },
  UnrecognizedClientException: { status: 403, key: "message" },
  ValidationException: { status: 400, key: "message" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_CODES;
