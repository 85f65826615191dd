/**
 * Amazon's own command line client, as a user has it. Debian's package is preferred over whatever `aws` is first on PATH, which may
 * be version 1 behind a version manager. Where there is none the tests are skipped, except under CI, where that is a failure.
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

const DEBIAN_AWS = "/usr/bin/aws";
const executable = existsSync(DEBIAN_AWS) ? DEBIAN_AWS : Bun.which("aws");

export interface AwsCliResult {
  code: number;
  stdout: string;
  stderr: string;
  /** What was printed, parsed. Throws with the whole exchange when that is not JSON. */
  json(): unknown;
}

/** False means: skip. Under CI it is true even without a client, so that the tests run and fail by saying what is missing. */
export const awsCliAvailable = executable !== null || Boolean(process.env.CI);
if (!awsCliAvailable)
  console.warn("Skipping the tests with the AWS CLI: there is no aws on this machine (Debian: awscli)");

/**
 * Runs `aws --endpoint-url <endpoint> …args` with nothing of the user's own: no profile, no pager, no proxy, made-up credentials.
 */
export function awsCli(endpoint: string, ...args: string[]): Promise<AwsCliResult> {
  return awsCliAs({}, endpoint, ...args);
}

/** With other settings in its environment: a key, or who signs the server's certificate. */
export async function awsCliAs(
  env: Readonly<Record<string, string>>,
  endpoint: string,
  ...args: string[]
): Promise<AwsCliResult> {
  if (!executable) throw new Error("Cannot run the AWS CLI: there is no aws on this machine (Debian: awscli)");
  const command = [executable, "--endpoint-url", endpoint, ...args];
  const child = Bun.spawn(command, {
    env: { ...ENVIRONMENT, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr, json: () => parse({ command, code, stdout, stderr }) };
}

const ENVIRONMENT: Record<string, string> = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: tmpdir(),
  LANG: "C.UTF-8",
  NO_PROXY: "*",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_DEFAULT_OUTPUT: "json",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_MAX_ATTEMPTS: "1", // a retry would hide a failure that a test is there to see
  AWS_PAGER: "",
};

function parse(run: { command: string[]; code: number; stdout: string; stderr: string }): unknown {
  try {
    return JSON.parse(run.stdout);
  } catch (cause) {
    const said = `exit code ${run.code}, stdout ${JSON.stringify(run.stdout)}, stderr ${JSON.stringify(run.stderr)}`;
    throw new Error(`Cannot read the answer of "${run.command.join(" ")}" as JSON: ${said}`, { cause });
  }
}
