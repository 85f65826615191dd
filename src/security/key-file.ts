/**
 * The file with the keys that seal: text, a key a line, `<id> <32 bytes in base64>`; the first seals, the others still open what they
 * sealed. Empty lines and lines that begin with `#` say nothing. For its owner alone (mode 600), and made when it is not there.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KEY_BYTES, KEY_ID, Sealer, type SealingKey } from "./seal.ts";

/** Its name in the data directory, where no other file is given. */
export const KEY_FILE_NAME = "lambent.key";
const MODE_PRIVATE = 0o600;
const MODE_OTHERS = 0o077;
const ID_BYTES = 6;

/** A key file that cannot be used; the message says what to do. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/**
 * Reads the key file, or makes one with a new key where there is none. Two that make it at once end with the same.
 * @throws KeyFileError
 */
export function openKeyFile(path: string): Sealer {
  const text = readPrivate(path) ?? makeKeyFile(path);
  return new Sealer(parseKeys(path, text));
}

/**
 * The keys in a file that is there; none where it is not.
 * @throws KeyFileError
 */
export function readKeyFile(path: string): SealingKey[] {
  const text = readPrivate(path);
  return text === undefined ? [] : parseKeys(path, text);
}

/**
 * Puts a new key before those that are there. What seals from now on (after a restart) is the new one; what the old ones sealed opens as
 * before. Answers the new key's id.
 * @throws KeyFileError
 */
export function rotateKeyFile(path: string): string {
  const text = readPrivate(path) ?? makeKeyFile(path);
  parseKeys(path, text); // a broken one stays as it is
  const key = newKey();
  const fresh = writeBeside(path, `${lineOf(key)}${text}`);
  renameSync(fresh, path);
  syncFolder(path);
  return key.id;
}

const newKey = (): SealingKey => ({ id: randomBytes(ID_BYTES).toString("hex"), secret: randomBytes(KEY_BYTES) });

const lineOf = ({ id, secret }: SealingKey): string => `${id} ${Buffer.from(secret).toString("base64")}\n`;

/** Undefined when there is none. */
function readPrivate(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KeyFileError(`Cannot read the key file ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const { mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & MODE_OTHERS) !== 0)
      throw new KeyFileError(
        `Cannot use the key file ${path}: others than its owner may read it (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${path}`,
      );
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function makeKeyFile(path: string): string {
  try {
    const fresh = writeBeside(path, lineOf(newKey()));
    try {
      linkSync(fresh, path); // unlike a rename it replaces nothing
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
    syncFolder(path);
  } catch (error) {
    throw new KeyFileError(`Cannot make the key file ${path}: ${(error as Error).message}`, { cause: error });
  }
  return readPrivate(path) ?? "";
}

/** Whole and synced, under a name of its own. */
function writeBeside(path: string, text: string): string {
  const fresh = join(dirname(path), `.${KEY_FILE_NAME}.${randomBytes(ID_BYTES).toString("hex")}`);
  const file = openSync(fresh, "wx", MODE_PRIVATE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return fresh;
}

/** Or a power cut takes the name back. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function parseKeys(path: string, text: string): SealingKey[] {
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.flatMap((line, index) => {
    if (line === "" || line.startsWith("#")) return [];
    const [id = "", encoded = "", ...rest] = line.split(/\s+/);
    const secret = Buffer.from(encoded, "base64");
    if (!KEY_ID.test(id) || secret.length !== KEY_BYTES || rest.length > 0)
      // Not the line itself: it may hold most of a key.
      throw new KeyFileError(
        `Cannot use the key file ${path}: line ${index + 1} has to be '<id> <${KEY_BYTES} bytes in base64>'`,
      );
    return [{ id, secret }];
  });
  if (keys.length === 0) throw new KeyFileError(`Cannot use the key file ${path}: there is no key in it`);
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new KeyFileError(`Cannot use the key file ${path}: two keys have the same id`);
  return keys;
}
