/** How the server starts, refuses to start, stops and dies, and what is there afterwards. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { closeSync, existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SETTINGS } from "../../src/config.ts";
import { makePipe } from "../../src/sandbox/libc.ts";
import { census, create, createFrom, invoke, listAll, remove, request, updateCode } from "../support/lambda-http.ts";
import { descendantsOf, isAlive, runnersOf } from "../support/processes.ts";
import {
  EXECUTABLE,
  packageFiles,
  type RunningServer,
  runLambent,
  type ServerOptions,
  startServer,
  temporaryDirectory,
  unpackedTrees,
} from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000); // a busy machine may be slow; what has to be quick says so itself

const started: RunningServer[] = [];
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let folders = 0;

beforeAll(async () => {
  folder = await temporaryDirectory();
});
afterEach(async () => {
  for (const server of started.splice(0)) {
    server.signal("SIGKILL"); // what a test left running is not waited for
    await server.stop();
  }
});
afterAll(() => folder.remove());

/** A server that ends with the test. */
async function serve(options?: ServerOptions): Promise<RunningServer> {
  const server = await startServer(options);
  started.push(server);
  return server;
}

/** The path of a folder that is not there yet. */
const newFolder = (): string => join(folder.path, `data-${++folders}`);

const WAITS = `exports.handler = async ({ waitMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return "waited";
};`;
const LOOPS = "exports.handler = async () => { for (;;); };";
const HANGS = "exports.handler = () => new Promise(() => setInterval(() => {}, 1000));";
const STARTS_A_CHILD = `const { spawn } = require("node:child_process");
exports.handler = () => new Promise((resolve) => spawn("sleep", ["300"]).on("exit", resolve));`;

describe("kill -9", () => {
  test("at any moment loses no function that was acknowledged, and leaves no package that nobody knows", async () => {
    const server = await serve();
    const clients = [new Client("a"), new Client("b"), new Client("c")];
    let acknowledged = 0;
    for (let round = 1; round <= 10; round++) {
      const afterMs = 5 + Math.random() * 200;
      const firstChange = Promise.withResolvers<void>();
      const isEarly = round % 3 === 0; // before anything was acknowledged, perhaps
      if (isEarly) firstChange.resolve();
      const killing = firstChange.promise.then(() => Bun.sleep(afterMs)).then(() => server.kill9());
      const working = clients.map((client) => client.work(server.url, firstChange.resolve));
      acknowledged += sum(await Promise.all(working));
      await killing;
      await server.restart();
      const when = `round ${round}, killed ${Math.round(afterMs)} ms after ${isEarly ? "its start" : "the first change"}`;
      const listed = await listAll(server.url);
      const names = new Set(listed.map((each) => each.name));
      await Promise.all(clients.map((client) => client.check(server.url, names, when)));
      expect({ when, unknown: [...names] }).toEqual({ when, unknown: [] });

      const digests = [...new Set(listed.map((each) => Buffer.from(each.sha256, "base64").toString("hex")))].sort();
      const zips = digests.map((digest) => `${digest}.zip`);
      await until(`only the packages of known functions are left (${when})`, async () => {
        const [files, trees] = [await packageFiles(server.dataDirectory), await unpackedTrees(server.dataDirectory)];
        return Bun.deepEquals(files, zips) && trees.every((tree) => digests.includes(tree));
      });
    }
    expect(acknowledged).toBeGreaterThan(10);
  }, 60_000);

  test("while versions, aliases and layers are made loses none that was acknowledged, and no number is skipped or given twice", async () => {
    const server = await serve();
    const publishers = [new Publisher("p"), new Publisher("q"), new Publisher("r")];
    for (const publisher of publishers) await publisher.create(server.url);
    let acknowledged = 0;
    for (let round = 1; round <= 6; round++) {
      const afterMs = 20 + Math.random() * 250;
      const firstChange = Promise.withResolvers<void>();
      const killing = firstChange.promise.then(() => Bun.sleep(afterMs)).then(() => server.kill9());
      const working = publishers.map((publisher) => publisher.work(server.url, firstChange.resolve));
      acknowledged += sum(await Promise.all(working));
      await killing;
      await server.restart();
      const when = `round ${round}, killed ${Math.round(afterMs)} ms after the first change`;
      const digests = (await Promise.all(publishers.map((publisher) => publisher.check(server.url, when)))).flat();
      const zips = [...new Set(digests)].map((sha256) => `${Buffer.from(sha256, "base64").toString("hex")}.zip`);
      await until(`only the packages of versions and layers are left (${when})`, async () =>
        Bun.deepEquals(await packageFiles(server.dataDirectory), zips.sort()),
      );
    }
    expect(acknowledged).toBeGreaterThan(30);
  }, 60_000);

  test("of the server ends all its runners, busy, looping and idle ones, and their children", async () => {
    const server = await serve();
    await createFrom(server.url, "idle", WAITS);
    await invoke(server.url, "idle", {});
    const sources = { loops: LOOPS, hangs: HANGS, child: STARTS_A_CHILD };
    for (const [name, source] of Object.entries(sources)) await createFrom(server.url, name, source, { Timeout: 60 });
    const calls = Object.keys(sources).map((name) => invoke(server.url, name, {}).catch(() => "cut off"));
    await until("three calls run", async () => (await census(server.url)).byState["busy"] === 3);
    const processes = await until("the child has started", () => {
      const found = descendantsOf(server.pid);
      return found.length >= 5 && found;
    });
    await server.kill9();
    expect(await Promise.all(calls)).toEqual(["cut off", "cut off", "cut off"]);
    await until("all its processes are gone", () => !processes.some(isAlive), 2000);
  }, 20_000);

  test("in the middle of a call leaves a server that starts again and answers it", async () => {
    const server = await serve();
    await createFrom(server.url, "waits", WAITS, { Timeout: 30 });
    const cut = invoke(server.url, "waits", { waitMs: 20_000 }).catch(() => "cut off");
    await until("the call runs", async () => (await census(server.url)).running === 1);
    await server.kill9();
    expect(await cut).toBe("cut off");
    await server.restart();
    expect((await invoke(server.url, "waits", {})).value()).toBe("waited");
  });
});

/** A request that may have been carried out, or not: the server was gone before it answered. */
const isCutOff = (error: unknown): boolean =>
  error instanceof TypeError || ((error as { code?: string }).code?.startsWith("E") ?? false);

/** Publishes versions of one function and one layer and moves an alias, until the server is gone, and knows what it may find then. */
class Publisher {
  readonly #name: string;
  /** The code of each version that is there: index 0 is version 1. */
  readonly #versions: string[] = [];
  /** The code that the next version may have been published with. */
  #published: string | undefined;
  /** The digests of the code that $LATEST may have. */
  #latest: string[] = [];
  /** The versions that the alias may point to; null: it may not be there. */
  #aliased: (string | null)[] = [null];
  readonly #layers = new Map<number, string>();
  #layerNumberMax = 0;
  #layered: string | undefined;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async create(url: string): Promise<void> {
    const zip = await this.#nextCode();
    const { status, text } = await create(url, this.#name, zip);
    if (status !== 201) throw new Error(`Refused with ${status}: ${text}`);
    this.#latest = [sha256(zip)];
  }

  /** Answers how many changes were acknowledged. */
  async work(url: string, onChange: () => void): Promise<number> {
    const path = `/2015-03-31/functions/${this.#name}`;
    let acknowledged = 0;
    const send = async (method: string, at: string, input?: Record<string, unknown>): Promise<Answered> => {
      for (;;) {
        const { status, text } = await request(url, method, at, input && { body: JSON.stringify(input) });
        if (status === 409 && text.includes("in progress")) continue; // not yet
        if (status >= 300) throw new Error(`${method} ${at} was refused with ${status}: ${text}`);
        acknowledged++;
        onChange();
        return (text === "" ? {} : JSON.parse(text)) as Answered;
      }
    };
    const expectNext = (answer: Answered, code: string): void => {
      this.#versions.push(code);
      this.#published = undefined;
      expect([answer.Version, answer.CodeSha256]).toEqual([String(this.#versions.length), code]);
    };
    const alias = async (method: "POST" | "PUT" | "DELETE"): Promise<void> => {
      const next = method === "DELETE" ? null : String(this.#versions.length);
      const at = `${path}/aliases${method === "POST" ? "" : "/live"}`;
      this.#aliased.push(next);
      await send(method, at, next === null ? undefined : { Name: "live", FunctionVersion: next });
      this.#aliased = [next];
    };
    try {
      for (;;) {
        const zip = await this.#nextCode();
        const code = sha256(zip);
        const ZipFile = Buffer.from(zip).toString("base64");
        const Publish = this.#count % 2 === 0; // in one step with the update, or in the next
        this.#latest.push(code);
        if (Publish) this.#published = code;
        const updated = await send("PUT", `${path}/code`, { ZipFile, Publish });
        this.#latest = [code];
        if (Publish) expectNext(updated, code);
        else {
          this.#published = code;
          expectNext(await send("POST", `${path}/versions`, {}), code);
        }
        await alias(this.#aliased[0] === null ? "POST" : "PUT");
        if (this.#count % 3 === 0) await alias("DELETE");
        this.#layered = code;
        const layer = await send("POST", `/2018-10-31/layers/${this.#name}/versions`, { Content: { ZipFile } });
        expect(Number(layer.Version)).toBeGreaterThan(this.#layerNumberMax);
        this.#layerNumberMax = Number(layer.Version);
        this.#layers.set(this.#layerNumberMax, code);
        this.#layered = undefined;
      }
    } catch (error) {
      if (isCutOff(error)) return acknowledged;
      throw error;
    }
  }

  /** Sees that all is there as acknowledged, the last change done or not done, and answers the digests of all code. */
  async check(url: string, when: string): Promise<string[]> {
    const versions = await this.#listed(url, `/2015-03-31/functions/${this.#name}/versions`, "Versions");
    const latest = versions.shift()?.CodeSha256 ?? "";
    expect({ when, is: this.#latest.includes(latest) }).toEqual({ when, is: true });
    const isPublished = versions.length > this.#versions.length && this.#published !== undefined;
    if (isPublished) this.#versions.push(this.#published ?? "");
    this.#published = undefined;
    const numbered = this.#versions.map((code, index) => [String(index + 1), code]);
    expect({ when, versions: versions.map((each) => [each.Version, each.CodeSha256]) }).toEqual({
      when,
      versions: numbered,
    });

    const alias = await request(url, "GET", `/2015-03-31/functions/${this.#name}/aliases/live`);
    const aliased = alias.status === 404 ? null : String(alias.json()["FunctionVersion"]);
    expect({ when, aliased, is: this.#aliased.includes(aliased) }).toEqual({ when, aliased, is: true });
    this.#aliased = [aliased];
    this.#latest = [latest];

    const path = `/2018-10-31/layers/${this.#name}/versions`;
    const layers = new Map<number, string>();
    for (const { Version } of await this.#listed(url, path, "LayerVersions")) {
      const content = (await request(url, "GET", `${path}/${Version}`)).json()["Content"] as Answered;
      layers.set(Number(Version), content.CodeSha256);
    }
    const newest = Math.max(0, ...layers.keys());
    if (newest > this.#layerNumberMax && this.#layered !== undefined) this.#layers.set(newest, this.#layered);
    this.#layerNumberMax = Math.max(newest, this.#layerNumberMax);
    this.#layered = undefined;
    const byNumber = (map: Map<number, string>) => [...map].sort(([a], [b]) => a - b);
    expect({ when, layers: byNumber(layers) }).toEqual({ when, layers: byNumber(this.#layers) });
    return [latest, ...this.#versions, ...layers.values()];
  }

  async #listed(url: string, path: string, member: string): Promise<Answered[]> {
    const found: Answered[] = [];
    for (let marker: string | undefined = ""; marker !== undefined; ) {
      const page = (await request(url, "GET", `${path}?Marker=${marker}`)).json();
      found.push(...(page[member] as Answered[]));
      marker = page["NextMarker"] as string | undefined;
    }
    return found;
  }

  #nextCode = (): Promise<Uint8Array> => answering(`${this.#name} ${++this.#count}`);
}

interface Answered {
  readonly Version: string | number;
  readonly CodeSha256: string;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Creates, updates and deletes functions until the server is gone, and knows what it may find when that is back. */
class Client {
  readonly #prefix: string;
  /** What may be there under each name: the text that it answers, or null for no function. */
  readonly #possible = new Map<string, (string | null)[]>();
  /** Changed since the last check. */
  readonly #changed = new Set<string>();
  #count = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Answers how many changes were acknowledged. */
  async work(url: string, onChange: () => void): Promise<number> {
    let acknowledged = 0;
    const change = async (...args: Parameters<Client["change"]>): Promise<void> => {
      await this.change(...args);
      acknowledged++;
      onChange();
    };
    try {
      for (;;) {
        const name = `${this.#prefix}-${++this.#count}`;
        const [first, second] = [`${name} as created`, `${name} as updated`];
        await change(name, first, async () => create(url, name, await answering(first)));
        await change(name, second, async () => updateCode(url, name, await answering(second)));
        if (this.#count % 3 !== 0) await change(name, null, () => remove(url, name));
      }
    } catch (error) {
      if (isCutOff(error)) return acknowledged;
      throw error;
    }
  }

  /** Sends a change until the server takes it. */
  async change(
    name: string,
    next: string | null,
    send: () => Promise<{ status: number; text: string }>,
  ): Promise<void> {
    const before = this.#possible.get(name) ?? [null];
    this.#possible.set(name, [...before, next]);
    this.#changed.add(name);
    for (;;) {
      const { status, text } = await send();
      if (status === 409) continue; // the function is still being created or updated: not yet
      if (status >= 300) throw new Error(`Refused with ${status}: ${text}`);
      this.#possible.set(name, [next]);
      return;
    }
  }

  /** Takes what is its own from the `listed`, having seen that it is as acknowledged. What was called in an earlier round has to be there only. */
  async check(url: string, listed: Set<string>, when: string): Promise<void> {
    for (const [name, possible] of this.#possible) {
      const isThere = listed.delete(name);
      const settled = possible.length === 1 && !this.#changed.has(name) ? possible[0] : undefined;
      const called = async () => ((await invoke(url, name)).value() as string | undefined) ?? "nothing";
      const found = !isThere ? null : (settled ?? (await called()));
      if (!possible.includes(found))
        expect({ when, name, found }).toEqual({ when, name, found: possible.join(" or ") });
      if (found === null) this.#possible.delete(name);
      else this.#possible.set(name, [found]);
    }
    this.#changed.clear();
  }
}

const answering = (text: string): Promise<Uint8Array> =>
  zipOf({ "index.js": `exports.handler = async () => ${JSON.stringify(text)};` });

describe("a package that no function uses any more", () => {
  test.each([
    { name: "goes from the disk after its function, of which no environment was made", warm: false },
    { name: "goes from the disk after its function, of which an environment was warm", warm: true },
  ])("$name", async ({ warm }) => {
    const server = await serve();
    await createFrom(server.url, "waits", WAITS);
    if (warm) await invoke(server.url, "waits", {});
    expect((await packageFiles(server.dataDirectory)).length).toBe(1);
    expect((await remove(server.url, "waits")).status).toBe(204);
    await until(
      "nothing is left",
      async () => {
        const left = [...(await packageFiles(server.dataDirectory)), ...(await unpackedTrees(server.dataDirectory))];
        return left.length === 0;
      },
      3000,
    );
  });

  test("stays as long as another function has the same code", async () => {
    const server = await serve();
    for (const name of ["one", "two", "three"]) await createFrom(server.url, name, name === "three" ? HANGS : WAITS);
    for (const name of ["one", "three"]) expect((await remove(server.url, name)).status).toBe(204);
    await until(
      "the package of the third is gone",
      async () => (await packageFiles(server.dataDirectory)).length === 1,
    );
    expect((await invoke(server.url, "two", {})).value()).toBe("waited");
  });
});

describe("a signal", () => {
  const isRefused = async (url: string): Promise<boolean> => {
    const { hostname, port } = new URL(url);
    try {
      const socket = await Bun.connect({ hostname, port: Number(port), socket: { data() {} } });
      socket.end();
      return false;
    } catch {
      return true;
    }
  };

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s lets a running call finish, refuses new connections meanwhile, and ends the server with 0",
    async (signal) => {
      const server = await serve();
      await createFrom(server.url, "waits", WAITS, { Timeout: 30 });
      let ended = false;
      const running = invoke(server.url, "waits", { waitMs: 1000 }).finally(() => {
        ended = true;
      });
      await until("the call runs", async () => (await census(server.url)).byState["busy"] === 1);
      const runners = runnersOf(server.pid);
      expect(runners.length).toBe(1);
      server.signal(signal);
      await until("connections are refused", () => isRefused(server.url));
      expect(ended).toBe(false);
      const answer = await running;
      expect([answer.status, answer.functionError, answer.value()]).toEqual([200, null, "waited"]);
      expect(await server.exited).toEqual({ code: 0, signal: null });
      expect(server.stderr).toBe("lambent: finishing the calls that run; once more to end at once\n");
      await until("its runners are gone", () => !runners.some(isAlive), 2000);
    },
  );

  test("ends an idle server at once, with 0, and its data can be used by the next", async () => {
    const server = await serve();
    await createFrom(server.url, "waits", WAITS);
    await invoke(server.url, "waits", {});
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    await server.restart();
    expect((await invoke(server.url, "waits", {})).value()).toBe("waited");
  });

  test.each([
    { name: "SIGTERM", signals: ["SIGTERM", "SIGTERM"] as const, code: 143 },
    { name: "SIGINT", signals: ["SIGINT", "SIGINT"] as const, code: 130 },
    { name: "SIGINT after SIGTERM", signals: ["SIGTERM", "SIGINT"] as const, code: 130 },
  ])("a second time ends the server at once: $name", async ({ signals, code }) => {
    const server = await serve();
    await createFrom(server.url, "loops", LOOPS, { Timeout: 60 });
    const cut = invoke(server.url, "loops", {}).catch(() => "cut off");
    await until("the call runs", async () => (await census(server.url)).byState["busy"] === 1);
    const runners = runnersOf(server.pid);
    expect(runners.length).toBe(1);
    server.signal(signals[0]);
    await until("the server drains", () => server.stderr.includes("finishing"));
    const beganAtMs = performance.now();
    server.signal(signals[1]);
    expect((await server.exited).code).toBe(code);
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
    expect(await cut).toBe("cut off");
    await until("its runners are gone", () => !runners.some(isAlive), 2000);
  });

  test("waits no longer than --drain-timeout, and says how many calls it ended", async () => {
    const server = await serve({ flags: ["--drain-timeout", "1"] });
    await createFrom(server.url, "loops", LOOPS, { Timeout: 60 });
    const cut = invoke(server.url, "loops", {}).catch(() => "cut off");
    await until("the call runs", async () => (await census(server.url)).byState["busy"] === 1);
    const beganAtMs = performance.now();
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganAtMs).toBeWithin(990, 3000);
    expect(server.stderr).toContain("ended 1 calls that did not finish in time");
    await cut;
  });
});

describe("an idle environment", () => {
  test("ends after --idle-timeout, and the next call gets a new one", async () => {
    const server = await serve({ flags: ["--idle-timeout", "1"] });
    await createFrom(server.url, "waits", WAITS);
    await invoke(server.url, "waits", {});
    expect((await census(server.url)).environments).toBe(1);
    await until("it is gone", async () => (await census(server.url)).environments === 0);
    expect(runnersOf(server.pid)).toEqual([]);
    expect((await invoke(server.url, "waits", {})).value()).toBe("waited");
  });

  test("makes room for another function where --max-environments allows but one", async () => {
    const server = await serve({ flags: ["--max-environments", "1"] });
    for (const name of ["one", "two"]) await createFrom(server.url, name, WAITS);
    for (const name of ["one", "two", "one"]) expect((await invoke(server.url, name, {})).value()).toBe("waited");
    await until("only one is left", async () => (await census(server.url)).environments === 1);
  });
});

test("more calls than --concurrency are throttled with 429 and AWS's body, and the others answered", async () => {
  const server = await serve({ flags: ["--concurrency", "1"] });
  await createFrom(server.url, "waits", WAITS, { Timeout: 30 });
  const running = invoke(server.url, "waits", { waitMs: 600 });
  await until("the call runs", async () => (await census(server.url)).running === 1);
  const throttled = await invoke(server.url, "waits", {});
  expect([throttled.status, throttled.headers.get("x-amzn-errortype")]).toEqual([429, "TooManyRequestsException"]);
  expect(throttled.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(throttled.json()).toEqual({
    Reason: "ConcurrentInvocationLimitExceeded",
    Type: "User",
    message: "Rate Exceeded.",
  });
  expect((await running).status).toBe(200);
  expect((await invoke(server.url, "waits", {})).status).toBe(200);
});

describe("a server that cannot start says why in one line on stderr, and exits with 1:", () => {
  async function refuses(args: readonly string[], line: string | RegExp): Promise<void> {
    const { code, stdout, stderr } = await runLambent(["serve", ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual([expect.stringMatching(line)]);
  }

  test("its port is in use", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const port = String(listener.port);
    const line = new RegExp(`^lambent: Cannot listen on 127\\.0\\.0\\.1:${port}: another program listens there`);
    await refuses(["--port", port, "--data-dir", newFolder()], line);
    listener.stop(true);
  });

  test("this machine has no such address", () =>
    refuses(
      ["--host", "192.0.2.1", "--auth", "off", "--port", "0", "--data-dir", newFolder()],
      /^lambent: Cannot listen on 192\.0\.2\.1:0: /,
    ));

  test("its data directory would be under a file", async () => {
    const file = join(folder.path, "a-file");
    await writeFile(file, "");
    const path = join(file, "data");
    await refuses(["--port", "0", "--data-dir", path], new RegExp(`^lambent: Cannot use data directory "${path}": `));
  });

  test("its data directory is a file", async () => {
    const file = join(folder.path, "another-file");
    await writeFile(file, "");
    await refuses(["--port", "0", "--data-dir", file], new RegExp(`^lambent: Cannot use data directory "${file}": `));
  });

  test("its data directory holds a database that is none", async () => {
    const path = newFolder();
    await mkdir(path);
    await writeFile(join(path, "lambent.db"), "this is no database\n".repeat(500));
    await refuses(["--port", "0", "--data-dir", path], new RegExp(`^lambent: Cannot use data directory "${path}": `));
  });

  test("another running server has its data directory, which it names, and which goes on undisturbed", async () => {
    const server = await serve();
    await createFrom(server.url, "waits", WAITS);
    const line = new RegExp(
      `^lambent: Cannot use data directory "${server.dataDirectory}": process ${server.pid} has it open$`,
    );
    await refuses(["--port", "0", "--data-dir", server.dataDirectory], line);
    expect((await invoke(server.url, "waits", {})).value()).toBe("waited");
  });

  test("its TLS certificate is not there, or comes without its key", async () => {
    const tls = ["--tls-cert", join(folder.path, "no.crt"), "--tls-key", join(folder.path, "no.key")];
    await refuses(["--port", "0", "--data-dir", newFolder(), ...tls], /^lambent: Cannot read the TLS certificate: /);
  });
});

test("on another address than loopback it asks for keys, where nobody says --auth off", async () => {
  const server = await serve({ flags: ["--host", "0.0.0.0"] });
  const { port } = new URL(server.url);
  const here = `http://127.0.0.1:${port}`;
  expect((await request(here, "GET", "/_lambent/health")).status).toBe(200);
  expect((await request(here, "GET", "/2015-03-31/functions")).status).toBe(403);
});

test("with --auth off it listens on all addresses", async () => {
  const server = await serve({ flags: ["--host", "0.0.0.0", "--auth", "off"] });
  const { port } = new URL(server.url);
  expect((await request(`http://127.0.0.1:${port}`, "GET", "/_lambent/health")).status).toBe(200);
});

describe("wrong words on the command line end it with 2, and are named:", () => {
  interface Scenario {
    name: string;
    args: string[];
    env?: Record<string, string>;
    says: string | RegExp;
  }
  test.each<Scenario>([
    { name: "an unknown flag", args: ["serve", "--prot", "1"], says: "--prot" },
    { name: "an unknown command", args: ["srve"], says: "srve" },
    { name: "a flag without its value", args: ["serve", "--port"], says: "--port" },
    { name: "an argument too many", args: ["serve", "here"], says: "argument" },
    { name: "a port that is no number", args: ["serve", "--port", "http"], says: /'http' for --port: .*0 to 65535/ },
    { name: "a port out of range", args: ["serve", "--port", "65536"], says: /'65536' for --port: .*0 to 65535/ },
    { name: "a negative port", args: ["serve", "--port=-1"], says: /'-1' for --port/ },
    { name: "half a port", args: ["serve", "--port", "80.5"], says: /'80\.5' for --port/ },
    { name: "a region that is none", args: ["serve", "--region", "here"], says: /'here' for --region/ },
    {
      name: "an account of eleven digits",
      args: ["serve", "--account-id", "12345678901"],
      says: /--account-id: .*twelve/,
    },
    {
      name: "an unknown way to authenticate",
      args: ["serve", "--auth", "on"],
      says: /'on' for --auth: .*auto, off, keys/,
    },
    { name: "an unknown log level", args: ["serve", "--log-level", "loud"], says: /'loud' for --log-level/ },
    { name: "an unknown meaning of errors", args: ["serve", "--function-errors", "new"], says: /--function-errors/ },
    { name: "no concurrency at all", args: ["serve", "--concurrency", "0"], says: /'0' for --concurrency/ },
    { name: "an empty data directory", args: ["serve", "--data-dir", ""], says: /--data-dir/ },
    { name: "an empty host", args: ["serve", "--host", ""], says: /--host/ },
    {
      name: "a bad value in the environment",
      args: ["serve"],
      env: { LAMBENT_PORT: "http" },
      says: /'http' for LAMBENT_PORT/,
    },
    { name: "an unknown flag of health", args: ["health", "--prot", "1"], says: "--prot" },
  ])("$name", async ({ args, env, says }) => {
    const { code, stdout, stderr } = await runLambent(args, { LAMBENT_DATA_DIR: newFolder(), ...env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd().split("\n").length).toBeLessThan(4);
  });
});

describe("settings", () => {
  const arnOn = async (options?: ServerOptions): Promise<string> => {
    const server = await serve(options);
    await createFrom(server.url, "settled", WAITS);
    return String(
      (await request(server.url, "GET", "/2015-03-31/functions/settled/configuration")).json()["FunctionArn"],
    );
  };
  const env = { LAMBENT_REGION: "eu-west-1", LAMBENT_ACCOUNT_ID: "111111111111" };

  test("are the defaults when nobody says otherwise", async () => {
    expect(await arnOn()).toBe("arn:aws:lambda:us-east-1:000000000000:function:settled");
  });

  test("come from LAMBENT_* in the environment before the defaults", async () => {
    expect(await arnOn({ env })).toBe("arn:aws:lambda:eu-west-1:111111111111:function:settled");
  });

  test("come from flags before the environment, one by one", async () => {
    const flags = ["--region", "ap-south-1"];
    expect(await arnOn({ env, flags })).toBe("arn:aws:lambda:ap-south-1:111111111111:function:settled");
  });

  test("in the environment may name port and data directory", async () => {
    const path = newFolder();
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { stderr } = await runLambent(["serve"], { LAMBENT_PORT: String(listener.port), LAMBENT_DATA_DIR: path });
    expect(stderr).toContain(`127.0.0.1:${listener.port}`);
    expect(existsSync(path)).toBe(true);
    listener.stop(true);
  });

  test("that AWS itself has changed over time can be as AWS has them today: --function-errors aws", async () => {
    const server = await serve({ flags: ["--function-errors", "aws"] });
    await createFrom(server.url, "throws", "exports.handler = async () => { throw new Error('no'); };");
    expect((await invoke(server.url, "throws", {})).functionError).toBe("Unhandled");
  });
});

describe("the command line", () => {
  test("greets with the endpoint and a line to try, on stdout and nowhere else", async () => {
    const server = await serve();
    expect(server.stdout).toContain(`speaks the AWS Lambda API on ${server.url}\n`);
    expect(server.stdout).toContain(`aws lambda list-functions --endpoint-url ${server.url} --region us-east-1`);
    expect(server.stdout).toContain(server.dataDirectory);
    expect(server.stderr).toBe("");
  });

  test.each(["--version", "-V"])("%s prints name, version, commit and engine", async (flag) => {
    const { code, stdout, stderr } = await runLambent([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^lambent \d+\.\d+\.\d+\S* \(\S+, Bun \d+\.\d+\.\d+\S*\)\n$/);
  });

  const flags = Object.values(SETTINGS).flatMap((setting) => [
    `--${setting.flag} <${setting.placeholder}>`,
    setting.env,
  ]);
  test.each([
    { name: "--help names the commands", args: ["--help"], has: ["serve", "health", "--version"] },
    { name: "help names the commands", args: ["help"], has: ["serve", "health"] },
    { name: "no argument at all prints the help", args: [], has: ["serve", "health"] },
    { name: "serve --help names every flag and its variable", args: ["serve", "--help"], has: flags },
    { name: "help serve says the same", args: ["help", "serve"], has: flags },
    { name: "health --help names its flag", args: ["health", "--help"], has: ["--url"] },
  ])("$name", async ({ args, has }) => {
    const { code, stdout, stderr } = await runLambent(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(has.filter((text) => !stdout.includes(text))).toEqual([]);
  });

  test.each(["--help", "serve --help"])("%s is no failure when its reader has seen enough", async (words) => {
    const { readEnd, writeEnd } = makePipe();
    closeSync(readEnd);
    const child = Bun.spawn([EXECUTABLE, ...words.split(" ")], { stdio: ["ignore", writeEnd, "pipe"] });
    closeSync(writeEnd);
    expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
  });

  test("health exits with 0 and prints what a healthy server says", async () => {
    const server = await serve();
    const { port } = new URL(server.url);
    for (const run of [
      await runLambent(["health", "--url", server.url]),
      await runLambent(["health"], { LAMBENT_PORT: port }),
    ]) {
      expect([run.code, run.stderr, JSON.parse(run.stdout)]).toEqual([
        0,
        "",
        expect.objectContaining({ status: "ok" }),
      ]);
    }
  });

  test("health exits with 1 and one line when nobody is there", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const url = `http://127.0.0.1:${listener.port}`;
    listener.stop(true);
    const { code, stdout, stderr } = await runLambent(["health", "--url", url]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^lambent: Cannot reach a server at ${url}[^\n]*\n$`));
  });
});
