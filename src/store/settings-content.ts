import type { FunctionSettings } from "./port.ts";

/**
 * The new text of a version's variables; undefined leaves them as they are. What an older release has kept open comes as an object, and nothing
 * of it stays in the store's files once it is replaced. Versions stay what publishing compares with.
 */
export type Reseal = (found: {
  functionName: string;
  kmsKeyArn: string | null;
  environment: string | Readonly<Record<string, string>>;
}) => string | undefined;

/** Settings as they are compared: of sealed variables the id alone. */
export const withoutSealed = (settings: FunctionSettings): FunctionSettings =>
  typeof settings.environment === "string"
    ? { ...settings, environment: settings.environment.split(" ", 1)[0] ?? "" }
    : settings;
