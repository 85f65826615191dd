/** What a setting is, and the kinds of values that settings take. */

/** A value that a setting does not take. */
export class SettingError extends Error {}

/** A setting as the command line names it. */
export interface Setting {
  readonly flag: string;
  readonly placeholder: string;
  readonly env: string;
  readonly help: string;
  /** Shown in the help; undefined: the text of `help` says it. */
  readonly fallback?: string;
  /** @throws Error whose message says what the value has to be. */
  readonly read: (text: string) => string | number;
}

export const setting = (
  flag: string,
  placeholder: string,
  rest: Omit<Setting, "flag" | "placeholder" | "env">,
): Setting => ({
  flag,
  placeholder,
  env: `LAMBENT_${flag.toUpperCase().replaceAll("-", "_")}`,
  ...rest,
});

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new SettingError(`it has to be a whole number from ${min} to ${max}`);
    return value;
  };

export const matching =
  (pattern: RegExp, what: string) =>
  (text: string): string => {
    if (!pattern.test(text)) throw new SettingError(`it has to be ${what}`);
    return text;
  };

export const oneOf =
  (...values: string[]) =>
  (text: string): string => {
    if (!values.includes(text)) throw new SettingError(`it has to be one of: ${values.join(", ")}`);
    return text;
  };
