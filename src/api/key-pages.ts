/** `/_lambent/keys`: access keys, made, shown without their secrets, rotated and removed. */
import { type Context, Hono } from "hono";
import type { Clock } from "../core/clock.ts";
import { USER_NAME } from "../security/keys/access-key.ts";
import type { Keyring } from "../security/keys/keyring.ts";
import { PolicyError } from "../security/policy/policy-error.ts";
import { isRoleName, ROLE_NAMES } from "../security/policy/roles.ts";

const LIFE_SECONDS_MAX = 10 * 366 * 24 * 3600;
const GRACE_SECONDS_DEFAULT = 3600;
const RATE_MAX = 1_000_000;

/** What a request says that cannot be done; the text is for the caller. */
class KeyRequestError extends Error {
  constructor(
    message: string,
    readonly status: 400 | 404 | 409 = 400,
  ) {
    super(message);
  }
}

export function keyPages({ keyring, clock }: { keyring: Keyring; clock: Clock }): Hono {
  const pages = new Hono();
  pages.get("/", (c) => c.json({ keys: keyring.list() }));
  pages.post("/", async (c) => {
    const settings = readSettings(await readJson(c), clock.nowMs());
    if (keyring.idsOf(settings.name).length > 0)
      throw new KeyRequestError(
        `Cannot make a key for '${settings.name}': there is one; rotate it, or choose another name`,
        409,
      );
    const made = await keyring.create(settings);
    return c.json({ ...keyring.info(made.accessKeyId), secretAccessKey: made.secretAccessKey }, 201);
  });
  pages.post("/:key/rotate", async (c) => {
    const id = findKey(keyring, c.req.param("key"));
    const { graceSeconds = GRACE_SECONDS_DEFAULT } = await readJson(c);
    const seconds = readNumber(graceSeconds, { name: "graceSeconds", min: 0, max: LIFE_SECONDS_MAX });
    const made = await keyring.rotate(id, clock.nowMs() + seconds * 1000);
    if (!made) throw missing(id);
    return c.json({ ...keyring.info(made.accessKeyId), secretAccessKey: made.secretAccessKey, replaces: id }, 201);
  });
  pages.delete("/:key", async (c) => {
    const id = findKey(keyring, c.req.param("key"));
    await keyring.remove(id);
    return c.json({ removed: id });
  });
  pages.onError((error, c) => {
    if (error instanceof KeyRequestError) return c.json({ message: error.message }, error.status);
    if (error instanceof PolicyError) return c.json({ message: `Cannot use the policy: ${error.message}` }, 400);
    throw error;
  });
  return pages;
}

/** By its id, or by its name where that has one key only. @throws KeyRequestError */
function findKey(keyring: Keyring, named: string): string {
  if (keyring.info(named)) return named;
  const [first, ...others] = keyring.idsOf(named);
  if (first === undefined) throw missing(named);
  if (others.length > 0)
    throw new KeyRequestError(
      `Cannot tell which key of '${named}' is meant: give its id, one of ${[first, ...others].join(", ")}`,
      409,
    );
  return first;
}

const missing = (named: string): KeyRequestError =>
  new KeyRequestError(`Cannot find a key '${named}': there is no such id or name`, 404);

async function readJson(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // refused below, like JSON that is no object
  }
  throw new KeyRequestError("The body has to be a JSON object");
}

function readSettings(given: Record<string, unknown>, nowMs: number) {
  const { name, role, policy, expiresInSeconds, rate } = given;
  if (typeof name !== "string" || !USER_NAME.test(name))
    throw new KeyRequestError("name has to be of 1 to 64 letters, digits and _+=,.@-");
  if ((role === undefined) === (policy === undefined))
    throw new KeyRequestError(`A key has a role (${ROLE_NAMES.join(", ")}) or a policy, and not both`);
  if (role !== undefined && (typeof role !== "string" || !isRoleName(role)))
    throw new KeyRequestError(`role has to be one of: ${ROLE_NAMES.join(", ")}`);
  const life =
    expiresInSeconds === undefined
      ? null
      : readNumber(expiresInSeconds, { name: "expiresInSeconds", min: 1, max: LIFE_SECONDS_MAX });
  return {
    name,
    role: role ?? null,
    policy: policy ?? null,
    expiresAtMs: life === null ? null : nowMs + life * 1000,
    rate: rate === undefined ? null : readNumber(rate, { name: "rate", min: 0, max: RATE_MAX }),
  };
}

function readNumber(value: unknown, { name, min, max }: { name: string; min: number; max: number }): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new KeyRequestError(`${name} has to be a whole number from ${min} to ${max}`);
}
