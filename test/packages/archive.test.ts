import { expect, test } from "bun:test";
import { deflateRawSync } from "node:zlib";
import { MIB } from "../../src/core/limits.ts";
import { AwsError } from "../../src/errors/aws-error.ts";
import { type Archive, fileNames, readArchive } from "../../src/packages/archive.ts";
import { inflate } from "../../src/packages/inflate.ts";
import { longestPauseShare } from "../support/event-loop.ts";
import { type RawEntry, rawZip, zipOf } from "../support/zip.ts";

const HANDLER = "export const handler = async () => 1;\n";
const LINK = 0o120777;
const CANNOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again.";
const UNZIPPED_TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes";
const file = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({ name, content: HANDLER, ...more });
const link = (name: string, target: string): RawEntry => ({ name, content: target, mode: LINK });

async function contentOf(archive: Archive, path: string): Promise<string> {
  const node = archive.nodes.find((candidate) => candidate.path === path);
  if (node?.kind !== "file") throw new Error(`no file at ${path}`);
  return Buffer.concat(await Array.fromAsync(inflate(node))).toString();
}

interface Accepted {
  readonly name: string;
  readonly zip: Uint8Array;
  readonly paths: readonly string[];
}

test.each<Accepted>([
  { name: "one deflated file", zip: rawZip([file("index.mjs")]), paths: ["index.mjs"] },
  { name: "a stored file", zip: rawZip([file("index.mjs", { method: 0 })]), paths: ["index.mjs"] },
  { name: "a file without bytes", zip: rawZip([{ name: "index.mjs" }]), paths: ["index.mjs"] },
  { name: "a folder that is only implied", zip: rawZip([file("a/b/index.mjs")]), paths: ["a", "a/b", "a/b/index.mjs"] },
  { name: "a folder after what is in it", zip: rawZip([file("a/x.mjs"), { name: "a/" }]), paths: ["a", "a/x.mjs"] },
  { name: "names with ./ and // in them", zip: rawZip([file("./a//x.mjs"), { name: "./" }]), paths: ["a", "a/x.mjs"] },
  { name: "names that only look like leaving", zip: rawZip([file("..a/...")]), paths: ["..a", "..a/..."] },
  { name: "a name in UTF-8", zip: rawZip([file("Grüße/木.mjs")]), paths: ["Grüße", "Grüße/木.mjs"] },
  {
    name: "a name from the old code page",
    zip: rawZip([{ ...file("x"), name: new Uint8Array([0x81]), utf8: false }]),
    paths: ["ü"],
  },
  { name: "sizes after the data", zip: rawZip([file("index.mjs", { descriptor: true })]), paths: ["index.mjs"] },
  {
    name: "zip64 sizes and end",
    zip: rawZip([file("index.mjs", { zip64: true })], { zip64: true }),
    paths: ["index.mjs"],
  },
  {
    name: "a self-extracting prefix",
    zip: rawZip([file("index.mjs")], { prefix: Buffer.from("#!/bin/sh\n") }),
    paths: ["index.mjs"],
  },
  { name: "a comment", zip: rawZip([file("index.mjs")], { comment: "built by make" }), paths: ["index.mjs"] },
  {
    name: "a link to a file beside it",
    zip: rawZip([file("a.mjs"), link("b.mjs", "a.mjs")]),
    paths: ["a.mjs", "b.mjs"],
  },
  {
    name: "npm's links between folders",
    zip: rawZip([file("node_modules/x/cli.js"), link("node_modules/.bin/x", "../x/cli.js")]),
    paths: ["node_modules", "node_modules/x", "node_modules/x/cli.js", "node_modules/.bin", "node_modules/.bin/x"],
  },
  { name: "a link that leads nowhere", zip: rawZip([file("a.mjs"), link("b", "gone/x")]), paths: ["a.mjs", "b"] },
  { name: "links in a ring", zip: rawZip([file("a.mjs"), link("b", "c"), link("c", "b")]), paths: ["a.mjs", "b", "c"] },
])("takes a zip with $name", async ({ zip, paths }) => {
  const archive = await readArchive(zip);
  expect(archive.nodes.map((node) => node.path)).toEqual([...paths]);
});

interface Refused {
  readonly name: string;
  readonly zip: () => Uint8Array;
  readonly message: string | RegExp;
  readonly code?: string;
}
const whole = rawZip([file("index.mjs")]);
const zeros = deflateRawSync(new Uint8Array(300 * MIB), { level: 9 });

test.each<Refused>([
  { name: "no bytes", zip: () => new Uint8Array(), message: "Uploaded file must be a non-empty zip" },
  { name: "a zip without entries", zip: () => rawZip([]), message: "Uploaded file must be a non-empty zip" },
  { name: "only folders", zip: () => rawZip([{ name: "a/" }]), message: "Uploaded file must be a non-empty zip" },
  { name: "plain text", zip: () => Buffer.from(HANDLER.repeat(9)), message: CANNOT_UNZIP },
  { name: "a tarball's first bytes", zip: () => Buffer.from("1f8b08000000000000ff", "hex"), message: CANNOT_UNZIP },
  { name: "a zip without its end", zip: () => whole.subarray(0, -10), message: CANNOT_UNZIP },
  { name: "a zip without its start", zip: () => whole.subarray(20), message: CANNOT_UNZIP },
  { name: "more entries promised than there are", zip: () => rawZip([file("a")], { count: 3 }), message: CANNOT_UNZIP },
  {
    name: "a file said to be before the zip's first byte",
    zip: () => rawZip([file("a", { shift: 5 }), file("b", { shift: 16 })], { shift: 16 }),
    message: CANNOT_UNZIP,
  },
  {
    name: "a file said to be where none is",
    zip: () => rawZip([file("a"), file("b", { shift: 1 })]),
    message: CANNOT_UNZIP,
  },
  { name: "data beyond the end", zip: () => rawZip([file("a", { compressedBytes: 9999 })]), message: CANNOT_UNZIP },
  {
    name: "over 50 MiB zipped",
    zip: () => new Uint8Array(50 * MIB + 1),
    code: "RequestEntityTooLargeException",
    message: "Zipped size must be smaller than 52428800 bytes",
  },
  {
    name: "a bomb that admits its size",
    zip: () => rawZip([{ name: "a", compressed: zeros, method: 8, bytes: 300 * MIB }]),
    message: UNZIPPED_TOO_LARGE,
  },
  {
    name: "files that are too much together",
    message: UNZIPPED_TOO_LARGE,
    zip: () => rawZip([file("a", { bytes: 150 * MIB }), file("b", { bytes: 150 * MIB })]),
  },
  {
    name: "a bomb that claims 10 bytes",
    zip: () => rawZip([{ name: "a", compressed: zeros, method: 8, bytes: 10 }]),
    message: /"a" is damaged/,
  },
  {
    name: "a bomb that claims 2 MiB",
    zip: () => rawZip([{ name: "a", compressed: zeros, method: 8, bytes: 2 * MIB }]),
    message: /"a" is damaged: it holds more/,
  },
  {
    name: "a file shorter than claimed",
    zip: () => rawZip([file("a", { bytes: 999 })]),
    message: /"a" is damaged: it holds less/,
  },
  {
    name: "a large file shorter than claimed",
    zip: () => rawZip([file("a", { bytes: 9 * MIB })]),
    message: /"a" is damaged: it holds less/,
  },
  {
    name: "a wrong checksum",
    zip: () => rawZip([file("a", { crc: 1 })]),
    message: /"a" is damaged: its checksum is wrong/,
  },
  {
    name: "bytes that are not deflate",
    message: /"a" is damaged: it does not decompress/,
    zip: () => rawZip([file("a", { compressed: new Uint8Array(9).fill(255) })]),
  },
  {
    name: "a large entry that is not deflate",
    message: /"a" is damaged: it does not decompress/,
    zip: () => rawZip([file("a", { compressed: new Uint8Array(9).fill(255), bytes: 9 * MIB })]),
  },
  {
    name: "entries that share their bytes",
    zip: () => rawZip([file("a"), file("b", { sharesHeaderOf: 0 })]),
    message: /shares its bytes/,
  },
  {
    name: "an entry around another one",
    message: /"b" shares its bytes/,
    zip: () => rawZip([file("a", { method: 0, content: "", bytes: 80, compressedBytes: 80 }), file("b")]),
  },
  { name: "an encrypted entry", zip: () => rawZip([file("a", { flags: 1 })]), message: /"a" is encrypted/ },
  {
    name: "an unknown compression",
    zip: () => rawZip([file("a", { method: 93 })]),
    message: /"a" is compressed with method 93/,
  },
  {
    name: "a parent folder in a name",
    zip: () => rawZip([file("../x")]),
    message: /"..\/x" leaves the package's folder/,
  },
  {
    name: "a parent folder inside a name",
    zip: () => rawZip([file("a/../../x")]),
    message: /leaves the package's folder/,
  },
  { name: "an absolute name", zip: () => rawZip([file("/etc/passwd")]), message: /has an absolute path/ },
  { name: "a drive letter", zip: () => rawZip([file("C:/x")]), message: /has an absolute path/ },
  { name: "a backslash", zip: () => rawZip([file("src\\index.js")]), message: /has a backslash/ },
  { name: "a NUL", zip: () => rawZip([file("a\0b")]), message: /has a NUL character/ },
  { name: "a name that is too long", zip: () => rawZip([file("x".repeat(256))]), message: /too long a path/ },
  { name: "a path that is too deep", zip: () => rawZip([file(`${"d/".repeat(65)}x`)]), message: /too long a path/ },
  { name: "a file without a name", zip: () => rawZip([file(".")]), message: /"." has no name/ },
  { name: "the same file twice", zip: () => rawZip([file("a"), file("./a")]), message: /"a" is in the zip twice/ },
  {
    name: "a file that is also a folder",
    zip: () => rawZip([file("a"), file("a/b")]),
    message: /"a" is in the zip twice, or both/,
  },
  {
    name: "a folder that is also a file",
    zip: () => rawZip([file("a/b"), file("a")]),
    message: /"a" is in the zip twice, or both/,
  },
  {
    name: "a file written through a link",
    zip: () => rawZip([link("a", "b"), file("a/x")]),
    message: /"a" is in the zip twice, or both/,
  },
  { name: "a device", zip: () => rawZip([file("a", { mode: 0o020644 })]), message: /neither a file nor a folder/ },
  {
    name: "an absolute link",
    zip: () => rawZip([link("a", "/etc/passwd")]),
    message: /"a" links to "\/etc\/passwd", outside the package/,
  },
  { name: "a link to the outside", zip: () => rawZip([link("a/b", "../../x")]), message: /outside the package/ },
  {
    name: "a link to the outside by way of another",
    message: /"up" links to "deep\/..\/..", outside/,
    zip: () => rawZip([file("a/b"), link("deep", "a"), link("up", "deep/../..")]),
  },
  {
    name: "a link out of a linked folder",
    message: /outside the package/,
    zip: () => rawZip([file("top/x"), link("a/b/c/d", "../../../top"), link("up", "a/b/c/d/../../y")]),
  },
  {
    name: "a chain of more links than Linux follows",
    message: /"l0" links to "l1", outside the package/,
    zip: () => rawZip([file("a"), ...Array.from({ length: 41 }, (_, at) => link(`l${at}`, `l${at + 1}`))]),
  },
  { name: "a link without a target", zip: () => rawZip([link("a", "")]), message: /without a usable target/ },
  {
    name: "more entries than a package may have",
    message: /more than 100000 files and folders/,
    zip: () =>
      rawZip(
        Array.from({ length: 100_001 }, (_, at) => ({ name: `f${at}` })),
        { zip64: true },
      ),
  },
])("refuses $name", async ({ zip, message, code = "InvalidParameterValueException" }) => {
  const error = await readArchive(zip()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AwsError);
  expect((error as AwsError).code as string).toBe(code);
  if (typeof message === "string") expect((error as AwsError).message).toBe(message);
  else expect((error as AwsError).message).toMatch(message);
});

test("keeps who may be executed, and no other permission", async () => {
  const archive = await readArchive(
    await zipOf({ bootstrap: { content: "#!/bin/sh\n", mode: 0o104755 }, data: { mode: 0o666 } }),
  );
  expect(archive.nodes.map((node) => node.kind === "file" && node.executable)).toEqual([true, false]);
});

test("gives back every byte, of small files and of large ones", async () => {
  const large = HANDLER.repeat(100_000);
  const archive = await readArchive(await zipOf({ "small.mjs": HANDLER, "large.mjs": large }));
  expect(await contentOf(archive, "small.mjs")).toBe(HANDLER);
  expect((await contentOf(archive, "large.mjs")) === large).toBe(true);
  expect(archive.unzippedBytes).toBe(HANDLER.length + large.length);
  expect(fileNames(archive)).toEqual(["small.mjs", "large.mjs"]);
});

test("gives the event loop its turns while a large package is read", async () => {
  const zip = await zipOf(Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`f${at}`, HANDLER.repeat(200)])));
  expect(await longestPauseShare(() => readArchive(zip))).toBeLessThan(0.5);
});

test("never fails in another way than with a refusal, whatever byte of a zip is flipped", async () => {
  for (let at = 0; at < whole.length; at++) {
    const broken = whole.slice();
    broken[at] = (broken[at] ?? 0) ^ 0xff;
    const error = await readArchive(broken).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined) expect(error).toBeInstanceOf(AwsError);
  }
});
