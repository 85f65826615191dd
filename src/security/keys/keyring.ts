/**
 * The access keys: kept in the store with their secrets sealed, and all of them in memory, so that no request waits for the disk. There is
 * one server to a data directory, so what is in memory is what is there.
 */
import type { Clock } from "../../core/clock.ts";
import type { DocumentStore, StoredDocument } from "../../store/document-port.ts";
import { parseIdentityPolicy } from "../policy/parse.ts";
import { type RoleName, rolePolicy } from "../policy/roles.ts";
import { SealError, type Sealer } from "../seal.ts";
import type { AccessKey, AccessKeyInfo, KeySettings } from "./access-key.ts";
import { type Credentials, hostCredentials, newCredentials } from "./credentials.ts";

const KIND = "access-key";
const USE_KIND = "access-key-use";
const LIST_COUNT = 200;
const USE_FLUSH_MS = 60_000;
export const HOST_NAME = "host";

interface Body {
  readonly name: string;
  readonly role: RoleName | null;
  readonly policy: unknown;
  readonly rate: number | null;
  readonly expiresAtMs: number | null;
  /** Base64. */
  readonly sealedSecret: string;
}

interface Entry {
  readonly body: Body;
  readonly createdAtMs: number;
  /** Undefined: its secret cannot be opened. */
  readonly key: AccessKey | undefined;
}

export interface KeyringParts {
  readonly documents: DocumentStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly accountId: string;
}

export class Keyring {
  readonly #parts: KeyringParts;
  readonly #entries = new Map<string, Entry>();
  readonly #usable = new Map<string, AccessKey>();
  /** When each was used last: what is not in the store yet, and what is. */
  readonly #used = new Map<string, number>();
  readonly #stored = new Map<string, number>();

  private constructor(parts: KeyringParts) {
    this.#parts = parts;
    for (const credentials of parts.sealer.derived(hostCredentials)) {
      const key = hostKey(credentials, parts.accountId);
      this.#usable.set(key.id, key);
    }
  }

  static async open(parts: KeyringParts): Promise<Keyring> {
    const keyring = new Keyring(parts);
    for await (const document of everyDocument(parts.documents, KIND)) keyring.#take(document);
    await keyring.#sealAnew();
    for await (const { key, body } of everyDocument(parts.documents, USE_KIND))
      keyring.#stored.set(key, (body as { usedAtMs: number }).usedAtMs);
    return keyring;
  }

  /** Whether somebody was given a key; the host's own does not count. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Also one that is over: whoever proves to have it is told so. */
  find(accessKeyId: string): AccessKey | undefined {
    return this.#usable.get(accessKeyId);
  }

  /** Ids of keys that cannot be used, because what their secrets were sealed with is not in the key file. */
  get lost(): string[] {
    return [...this.#entries].filter(([, { key }]) => key === undefined).map(([id]) => id);
  }

  /** By name, then by age. */
  list(): AccessKeyInfo[] {
    const rows = [...this.#entries].map(([id, entry]) => this.#infoOf(id, entry));
    return rows.sort((a, b) => compare(a.name, b.name) || compare(a.createdAt, b.createdAt));
  }

  info(accessKeyId: string): AccessKeyInfo | undefined {
    const entry = this.#entries.get(accessKeyId);
    return entry && this.#infoOf(accessKeyId, entry);
  }

  /** The ids that one name has. */
  idsOf(name: string): string[] {
    return [...this.#entries].filter(([, { body }]) => body.name === name).map(([id]) => id);
  }

  /** @throws PolicyError for a policy that is none. */
  async create(settings: KeySettings): Promise<Credentials> {
    if (settings.role === null) parseIdentityPolicy(settings.policy);
    const credentials = newCredentials();
    const { accessKeyId, secretAccessKey } = credentials;
    await this.#put(accessKeyId, { ...settings, sealedSecret: this.#sealed(accessKeyId, secretAccessKey) });
    return credentials;
  }

  /** A new key with the settings of another, which is over at `endsAtMs`, or at once where that has come. */
  async rotate(accessKeyId: string, endsAtMs: number): Promise<Credentials | undefined> {
    const entry = this.#entries.get(accessKeyId);
    if (!entry) return undefined;
    const { sealedSecret: _, ...settings } = entry.body;
    const made = await this.create(settings);
    if (endsAtMs <= this.#parts.clock.nowMs()) await this.remove(accessKeyId);
    else {
      const expiresAtMs = Math.min(endsAtMs, entry.body.expiresAtMs ?? Number.POSITIVE_INFINITY);
      await this.#put(accessKeyId, { ...entry.body, expiresAtMs });
    }
    return made;
  }

  /** False when there was none. From when this is called on the key opens nothing. */
  async remove(accessKeyId: string): Promise<boolean> {
    if (!this.#entries.delete(accessKeyId)) return false;
    this.#usable.delete(accessKeyId);
    this.#used.delete(accessKeyId);
    this.#stored.delete(accessKeyId);
    const key = { owner: "", key: accessKeyId };
    await this.#parts.documents.delete({ kind: KIND, ...key });
    await this.#parts.documents.delete({ kind: USE_KIND, ...key });
    return true;
  }

  noteUse({ id }: AccessKey): void {
    this.#used.set(id, this.#parts.clock.nowMs());
  }

  /** Writes when keys were used last, now and then; the answer ends that, and writes once more. */
  keepUses(onError: (error: unknown) => void): () => Promise<void> {
    const flush = (): Promise<void> => this.flushUses().catch(onError);
    const timer = setInterval(flush, USE_FLUSH_MS);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await flush();
    };
  }

  async flushUses(): Promise<void> {
    for (const [key, usedAtMs] of this.#used) {
      this.#used.delete(key);
      if (!this.#entries.has(key)) continue;
      this.#stored.set(key, usedAtMs);
      const nowMs = this.#parts.clock.nowMs();
      await this.#parts.documents.put({ kind: USE_KIND, owner: "", key, body: { usedAtMs }, nowMs });
    }
  }

  /** What an older key of the key file has sealed: that one may go then. */
  async #sealAnew(): Promise<void> {
    const { sealer } = this.#parts;
    for (const [id, { body, key }] of this.#entries) {
      if (!key || !sealer.isStale(Buffer.from(body.sealedSecret, "base64"))) continue;
      await this.#put(id, { ...body, sealedSecret: this.#sealed(id, key.secret) });
    }
  }

  #sealed(accessKeyId: string, secret: string): string {
    return Buffer.from(this.#parts.sealer.seal(secret, contextOf(accessKeyId))).toString("base64");
  }

  async #put(accessKeyId: string, body: Body): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    this.#take(await this.#parts.documents.put({ kind: KIND, owner: "", key: accessKeyId, body, nowMs }));
  }

  #take({ key: id, body: stored, createdAtMs }: StoredDocument): void {
    const body = stored as Body;
    const key = this.#keyOf(id, body);
    this.#entries.set(id, { body, createdAtMs, key });
    if (key) this.#usable.set(id, key);
  }

  #keyOf(id: string, body: Body): AccessKey | undefined {
    const { sealer, accountId } = this.#parts;
    let secret: string;
    try {
      secret = sealer.openText(Buffer.from(body.sealedSecret, "base64"), contextOf(id));
    } catch (error) {
      if (error instanceof SealError) return undefined;
      throw error;
    }
    return {
      id,
      secret,
      expiresAtMs: body.expiresAtMs,
      name: body.name,
      principal: { kind: "user", arn: userArn(accountId, body.name), accountId },
      policies: [body.role === null ? parseIdentityPolicy(body.policy) : rolePolicy(body.role)],
      rate: body.rate,
    };
  }

  #infoOf(id: string, { body, createdAtMs, key }: Entry): AccessKeyInfo {
    const usedAtMs = this.#used.get(id) ?? this.#stored.get(id);
    return {
      accessKeyId: id,
      name: body.name,
      arn: userArn(this.#parts.accountId, body.name),
      role: body.role,
      policy: body.role === null ? body.policy : null,
      rate: body.rate,
      createdAt: isoTime(createdAtMs),
      expiresAt: body.expiresAtMs === null ? null : isoTime(body.expiresAtMs),
      lastUsedAt: usedAtMs === undefined ? null : isoTime(usedAtMs),
      usable: key !== undefined,
    };
  }
}

async function* everyDocument(documents: DocumentStore, kind: string): AsyncGenerator<StoredDocument> {
  let after: string | undefined;
  do {
    const page = await documents.list({ kind, count: LIST_COUNT, ...(after !== undefined && { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

const hostKey = ({ accessKeyId, secretAccessKey }: Credentials, accountId: string): AccessKey => ({
  id: accessKeyId,
  secret: secretAccessKey,
  expiresAtMs: null,
  name: HOST_NAME,
  principal: { kind: "user", arn: `arn:aws:iam::${accountId}:root`, accountId },
  policies: [rolePolicy("admin")],
  rate: null,
});

const userArn = (accountId: string, name: string): string => `arn:aws:iam::${accountId}:user/${name}`;
const contextOf = (accessKeyId: string): string => `access-key:${accessKeyId}`;
const isoTime = (ms: number): string => new Date(ms).toISOString();
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
