/** What a person reads when the server has started. */
import type { Config } from "../config.ts";
import { VERSION } from "../core/version.ts";

const CALLERS = {
  everybody: [],
  keys: ["  callers need a key"],
  "no keys yet": ["  callers need a key, and there is none yet: lambent keys create --name <name> --role admin"],
} as const;

export function banner(input: {
  url: string;
  isolation: string;
  callers: "everybody" | "keys" | "no keys yet";
  config: Config;
  colours: boolean;
}): string {
  const { url, isolation, callers, config } = input;
  const bold = (text: string): string => (input.colours ? `\u001b[1m${text}\u001b[0m` : text);
  const faint = (text: string): string => (input.colours ? `\u001b[2m${text}\u001b[0m` : text);
  return [
    `${bold(`Lambent ${VERSION}`)} speaks the AWS Lambda API on ${bold(url)}`,
    faint(`  region ${config.region}, account ${config.accountId}, routing seed ${config.seed}`),
    faint(`  data in ${config.dataDirectory}`),
    faint(`  isolation of functions: ${isolation}`),
    ...CALLERS[callers].map(faint),
    `  Try: aws lambda list-functions --endpoint-url ${url} --region ${config.region}`,
    "",
  ].join("\n");
}
