/** `lambent keys`: who may call a running server. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type ClientSettings, readClientSettings } from "../config-client.ts";
import { rotateKeyFile } from "../security/key-file.ts";
import { ask, serverCommand } from "./ask.ts";
import { table } from "./table.ts";

interface KeyLine {
  readonly accessKeyId: string;
  readonly name: string;
  readonly role: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly usable: boolean;
}

type NewKey = KeyLine & { readonly secretAccessKey: string };

export function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description("Access keys: who may call a running server, and what for")
    .exitOverride();
  serverCommand(keys, "create", "Make a key; its secret is shown this once")
    .requiredOption("--name <name>", "who it is for")
    .option("--role <role>", "admin, deployer, invoker or reader")
    .option("--policy <file>", "what it may, as a policy in IAM's JSON, instead of a role")
    .option("--expires <time>", "when it is over: 90d, 12h, 30m")
    .option("--rate <count>", "requests a second that it may make")
    .option("--json", "as JSON")
    .action(async (options: Record<string, string>) => {
      const { name, role, policy, expires, rate } = options;
      const body = {
        name,
        ...(role !== undefined && { role }),
        ...(policy !== undefined && { policy: readPolicy(policy) }),
        ...(expires !== undefined && { expiresInSeconds: readSeconds(expires) }),
        ...(rate !== undefined && { rate: Number(rate) }),
      };
      print((await ask(options, { method: "POST", path: "/_lambent/keys", body })) as NewKey, options);
    });
  serverCommand(keys, "ls", "List the keys, without their secrets")
    .option("--json", "one JSON object a line")
    .action(async (options: Record<string, string>) => {
      const { keys: lines } = (await ask(options, { method: "GET", path: "/_lambent/keys" })) as { keys: KeyLine[] };
      console.log(options["json"] ? lines.map((line) => JSON.stringify(line)).join("\n") : listing(lines));
    });
  serverCommand(
    keys,
    "rotate <key>",
    "Make a key in place of another, named by its id or name; the old one is over after --grace",
  )
    .option("--grace <time>", "how long the old one still works: 1h, 0s", "1h")
    .option("--json", "as JSON")
    .action(async (key: string, options: Record<string, string>) => {
      const body = { graceSeconds: readSeconds(options["grace"] ?? "1h") };
      const path = `/_lambent/keys/${encodeURIComponent(key)}/rotate`;
      print((await ask(options, { method: "POST", path, body })) as NewKey, options);
    });
  keys
    .command("rotate-file")
    .description("Put a new key first into the key file, with which secrets are sealed at rest")
    .option("--data-dir <path>", "the server's data folder (LAMBENT_DATA_DIR; default: ./.lambent)")
    .option("--key-file <path>", "the key file, where it is not in there (LAMBENT_KEY_FILE)")
    .exitOverride()
    .action(rotateFile);
  serverCommand(keys, "rm <key>", "Remove a key, named by its id or name: from then on it opens nothing").action(
    async (key: string, options: Record<string, string>) => {
      const path = `/_lambent/keys/${encodeURIComponent(key)}`;
      const { removed } = (await ask(options, { method: "DELETE", path })) as { removed: string };
      console.log(`${removed} removed`);
    },
  );
}

function rotateFile({ dataDir, keyFile }: ClientSettings): void {
  const path = readClientSettings({ ...(dataDir && { dataDir }), ...(keyFile && { keyFile }) }).keyFile;
  const id = rotateKeyFile(path);
  console.log(`${path} has a new first key, ${id}: restart the server, which then seals everything anew`);
}

function print(key: NewKey, { json }: { json?: string }): void {
  if (json) {
    console.log(JSON.stringify(key));
    return;
  }
  console.log(`export AWS_ACCESS_KEY_ID=${key.accessKeyId} AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`);
  console.error(
    `The key of '${key.name}' (${key.role ?? "its own policy"}${key.expiresAt ? `, over at ${key.expiresAt}` : ""}). The secret is not shown again.`,
  );
}

function listing(lines: readonly KeyLine[]): string {
  if (lines.length === 0) return "There are no keys; make one with: lambent keys create --name <name> --role <role>";
  const rows = lines.map(({ accessKeyId, name, role, createdAt, expiresAt, lastUsedAt, usable }) => [
    name,
    accessKeyId,
    role ?? "(policy)",
    seconds(createdAt),
    usable ? (expiresAt === null ? "never" : seconds(expiresAt)) : "lost: not sealed with this key file",
    lastUsedAt === null ? "never" : seconds(lastUsedAt),
  ]);
  return table([["NAME", "ID", "ROLE", "CREATED", "OVER", "LAST USED"], ...rows]);
}

const seconds = (isoTime: string): string => isoTime.replace(/\.\d+Z$/, "Z");

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @throws Error */
function readSeconds(text: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`Cannot use '${text}' for a time: it has to be like 90d, 12h, 30m or 0s`);
  return Number(count) * (UNIT_SECONDS[unit] ?? 0);
}

/** @throws Error */
function readPolicy(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (cause) {
    throw new Error(`Cannot read the policy in ${path}: ${(cause as Error).message}`, { cause });
  }
}
