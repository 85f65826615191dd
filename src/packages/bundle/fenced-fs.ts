/**
 * The file system that esbuild sees: one package, read-only, at `/var/task`. Sources come from strangers, and an import of
 * `../../../home/x/.aws/config.json` must not carry the host's files into a bundle.
 *
 * The methods are those that Go's `syscall` package calls when compiled to WebAssembly (wasm_exec.js), each with Node's
 * callback as its last argument. They answer before they return, which Go allows.
 */
import * as fs from "node:fs";
import { join, posix } from "node:path";

/** Where a function's code is on AWS, so that what gets into a bundle does not depend on this host. */
export const TASK_ROOT = "/var/task";
/** The folders above it, and all there is in them: esbuild walks up to the top for its configuration files. */
const ABOVE_ROOT: ReadonlyMap<string, string> = new Map([
  ["/", "var"],
  ["/var", "task"],
]);

/** Bytes read for one bundle: esbuild needs a good ten times that in memory. */
const READ_BYTES_MAX = 32 * 1024 * 1024;
const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_NONBLOCK } = fs.constants;
const ANY_WRITE = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
/** What Go knows but a reader of sources has no use for. */
const REFUSED = [
  ...["chmod", "chown", "fchmod", "fchown", "fsync", "ftruncate", "lchown", "link", "mkdir"],
  ...["rename", "rmdir", "symlink", "truncate", "unlink", "utimes"],
] as const;

type Callback = (error: unknown, result?: unknown) => void;
type Read = (fd: number, into: Uint8Array, offset: number, length: number, at: number | null, done: Callback) => void;

export class FencedFs {
  readonly constants = fs.constants;
  readonly #files = new Set<number>();
  #root = "";
  #readBytes = 0;
  #readStdin: Read = (_fd, _into, _offset, _length, _at, done) => done(failure("EBADF"));

  constructor() {
    for (const name of REFUSED)
      Object.defineProperty(this, name, { value: (...args: unknown[]) => (args.at(-1) as Callback)(failure("EROFS")) });
  }

  /** Shows another package from here on. */
  enter(directory: string): void {
    this.#root = fs.realpathSync(directory);
    this.#readBytes = 0;
  }

  /** esbuild's own pipe to this process: it puts a method here that takes what Go writes to its standard output. */
  writeSync: (fd: number, bytes: Uint8Array) => number = (_fd, bytes) => bytes.length;

  write = (fd: number, bytes: Uint8Array, _offset: number, _length: number, _at: null, done: Callback): void => {
    if (fd !== 1 && fd !== 2) return done(failure("EROFS"));
    done(null, this.writeSync(fd, bytes));
  };

  /** Likewise for standard input: what esbuild sets serves descriptor 0, all others are files of the package. */
  set read(read: Read) {
    this.#readStdin = read;
  }
  get read(): Read {
    return (fd, into, offset, length, at, done) =>
      fd === 0
        ? this.#readStdin(fd, into, offset, length, at, done)
        : answer(done, () => this.#count(fs.readSync(this.#own(fd), into, offset, length, at)));
  }

  open = (path: string, flags: number, _mode: number, done: Callback): void =>
    answer(done, () => {
      if (flags & ANY_WRITE) throw failure("EROFS");
      const fd = fs.openSync(this.#real(path), flags | O_NONBLOCK); // a pipe would wait for its writer
      this.#files.add(fd);
      return fd;
    });

  close = (fd: number, done: Callback): void =>
    answer(done, () => {
      fs.closeSync(this.#own(fd));
      this.#files.delete(fd);
    });

  fstat = (fd: number, done: Callback): void => answer(done, () => fs.fstatSync(this.#own(fd)));
  stat = (path: string, done: Callback): void => answer(done, () => fs.statSync(this.#real(path)));
  lstat = (path: string, done: Callback): void => answer(done, () => fs.lstatSync(this.#realParent(path)));
  readlink = (path: string, done: Callback): void => answer(done, () => fs.readlinkSync(this.#realParent(path)));
  readdir = (path: string, done: Callback): void =>
    answer(done, () => {
      const below = ABOVE_ROOT.get(clean(path));
      return below === undefined ? fs.readdirSync(this.#real(path)) : [below];
    });

  #own(fd: number): number {
    if (!this.#files.has(fd)) throw failure("EBADF");
    return fd;
  }

  #count(bytes: number): number {
    this.#readBytes += bytes;
    if (this.#readBytes > READ_BYTES_MAX) throw failure("EFBIG");
    return bytes;
  }

  /** The host's path for one of the package, with every link resolved; refused when that is outside. */
  #real(path: string): string {
    const real = fs.realpathSync(this.#hostPath(path));
    if (real !== this.#root && !real.startsWith(`${this.#root}/`)) throw failure("ENOENT");
    return real;
  }

  /** The same for a path whose last part is meant itself, link or not. */
  #realParent(path: string): string {
    const host = this.#hostPath(path);
    return host === this.#root ? host : join(this.#real(posix.dirname(path)), posix.basename(path));
  }

  #hostPath(path: string): string {
    const shown = clean(path);
    if (shown === TASK_ROOT || ABOVE_ROOT.has(shown)) return this.#root;
    if (shown.startsWith(`${TASK_ROOT}/`)) return join(this.#root, shown.slice(TASK_ROOT.length));
    throw failure("ENOENT");
  }
}

const clean = (path: string): string => posix.normalize(path).replace(/(.)\/$/, "$1");

function answer(done: Callback, act: () => unknown): void {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    return done(error);
  }
  done(null, result);
}

/** Go looks at nothing but the code. */
const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });
