/** What a person reads when the server has started. */
import type { Config } from "../config.ts";
import { VERSION } from "../core/version.ts";

export function banner(input: { url: string; isolation: string; config: Config; colours: boolean }): string {
  const { url, isolation, config } = input;
  const bold = (text: string): string => (input.colours ? `\u001b[1m${text}\u001b[0m` : text);
  const faint = (text: string): string => (input.colours ? `\u001b[2m${text}\u001b[0m` : text);
  return [
    `${bold(`Lambent ${VERSION}`)} speaks the AWS Lambda API on ${bold(url)}`,
    faint(`  region ${config.region}, account ${config.accountId}, routing seed ${config.seed}`),
    faint(`  data in ${config.dataDirectory}`),
    faint(`  isolation of functions: ${isolation}`),
    `  Try: aws lambda list-functions --endpoint-url ${url} --region ${config.region}`,
    "",
  ].join("\n");
}
