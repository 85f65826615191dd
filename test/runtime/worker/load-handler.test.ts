import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HandlerContext } from "../../../runtime/worker/context.ts";
import type { ErrorObject } from "../../../runtime/worker/error-object.ts";
import { HANDLER_EXTENSIONS, HandlerLoadError, loadHandler } from "../../../runtime/worker/load-handler.ts";

let root: string;

const FILES: Readonly<Record<string, string>> = {
  "esm.mjs":
    "export const handler = () => 'esm'; export const nested = { deeper: { handler: () => 'nested' } }; export const text = 'x';",
  "esm-default.mjs": "export default { handler: () => 'in default' };",
  "esm-default-function.mjs": "const f = () => 'default'; f.handler = () => 'on the function'; export default f;",
  "esm-both.mjs": "export const handler = () => 'named'; export default { handler: () => 'default' };",
  "cjs.cjs": "exports.handler = () => 'cjs'; exports.nested = { handler: () => 'nested cjs' };",
  "cjs-module.cjs": "module.exports = { handler: () => 'module.exports' };",
  "cjs-getter.cjs": "Object.defineProperty(exports, 'handler', { enumerable: true, get: () => () => 'by getter' });",
  "cjs-es.cjs":
    "Object.defineProperty(exports, '__esModule', { value: true }); exports.handler = () => 'transpiled'; exports.default = { handler: () => 'default' };",
  "cjs-class.cjs": "module.exports = class { static handler() { return 'static'; } };",
  "plain.js": "exports.handler = () => 'plain js';",
  "typed.ts": "export const handler = (event: { n: number }): number => event.n;",
  "generic.tsx": "export const handler = <T,>(_event: T): string => 'tsx';",
  "folder/inner.mjs": "import { word } from './word.mjs'; export const handler = () => word;",
  "folder/word.mjs": "export const word = 'inner';",
  "dot.name.mjs": "export const handler = () => 'never found: the first dot ends the file';",
  "broken.mjs": "export const handler = () => {\n  return 1 +;\n};",
  "broken-long.mjs": `export const handler = () => { ${"x();".repeat(300_000)} return 1 +; };`,
  "missing-package.mjs": "import thing from 'no-such-package-anywhere'; export const handler = () => thing;",
  "missing-file.mjs": "import { a } from './not-there.mjs'; export const handler = () => a;",
  "missing-require.cjs": "require('./not-there'); exports.handler = () => 1;",
  "throws.mjs": "throw new RangeError('at load'); export const handler = () => 1;",
  "throws-text.mjs": "throw 'just text'; export const handler = () => 1;",
  "null-export.mjs": "export const handler = null;",
  "number-export.mjs": "export const handler = 7;",
  "awaits.mjs": "await Promise.resolve(); export const handler = () => 'after top-level await';",
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lambent-load-"));
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await Bun.write(join(root, path), text);
  }
  for (const [rank, extension] of HANDLER_EXTENSIONS.entries()) {
    for (const later of HANDLER_EXTENSIONS.slice(rank)) {
      const text = `module.exports = { handler: () => '${later}' };`;
      const isModule = later === ".mjs" || later === ".mts";
      await Bun.write(
        join(root, `from${extension.slice(1)}${later}`),
        isModule ? `export const handler = () => '${later}';` : text,
      );
    }
  }
  await Bun.write(join(root, "../outside-of-lambent-load.mjs"), "export const handler = () => 'outside';");
});
afterAll(async () => {
  await rm(join(root, "../outside-of-lambent-load.mjs"), { force: true });
  await rm(root, { recursive: true, force: true });
});

const load = (handler: string) => loadHandler({ taskRoot: root, handler });
const result = async (handler: string): Promise<unknown> => {
  const loaded = await load(handler);
  return loaded({ n: 3 }, {} as HandlerContext, () => {});
};

describe("a handler string names", () => {
  test.each<{ handler: string; answer: unknown }>([
    { handler: "esm.handler", answer: "esm" },
    { handler: "esm.nested.deeper.handler", answer: "nested" },
    { handler: "./esm.handler", answer: "esm" },
    { handler: "esm-default.handler", answer: "in default" },
    { handler: "esm-default-function.default", answer: "default" },
    { handler: "esm-default-function.handler", answer: "on the function" },
    { handler: "esm-both.handler", answer: "named" },
    { handler: "cjs.handler", answer: "cjs" },
    { handler: "cjs.nested.handler", answer: "nested cjs" },
    { handler: "cjs-module.handler", answer: "module.exports" },
    { handler: "cjs-getter.handler", answer: "by getter" },
    { handler: "cjs-es.handler", answer: "transpiled" },
    { handler: "cjs-class.handler", answer: "static" },
    { handler: "plain.handler", answer: "plain js" },
    { handler: "typed.handler", answer: 3 },
    { handler: "generic.handler", answer: "tsx" },
    { handler: "folder/inner.handler", answer: "inner" },
    { handler: "awaits.handler", answer: "after top-level await" },
  ])("$handler", async ({ handler, answer }) => {
    expect(await result(handler)).toEqual(answer);
  });

  test.each(HANDLER_EXTENSIONS.map((extension) => ({ extension })))(
    "$extension before those that come after it",
    async ({ extension }) => {
      expect(await result(`from${extension.slice(1)}.handler`)).toBe(extension);
    },
  );
});

describe("is refused:", () => {
  test.each<{ handler: string; errorType: string; message: RegExp }>([
    { handler: "esm", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    { handler: "", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    { handler: ".handler", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    { handler: "esm.", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    { handler: "esm..handler", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    { handler: "folder/", errorType: "Runtime.MalformedHandlerName", message: /^Bad handler$/ },
    {
      handler: "../outside-of-lambent-load.handler",
      errorType: "Runtime.MalformedHandlerName",
      message: /is not a valid handler name/,
    },
    {
      handler: "folder/../esm.handler",
      errorType: "Runtime.MalformedHandlerName",
      message: /is not a valid handler name/,
    },
    { handler: "ghost.handler", errorType: "Runtime.ImportModuleError", message: /^Error: Cannot find module 'ghost'/ },
    { handler: "dot.name.handler", errorType: "Runtime.ImportModuleError", message: /Cannot find module 'dot'/ },
    { handler: "folder.handler", errorType: "Runtime.ImportModuleError", message: /Cannot find module 'folder'/ },
    {
      handler: "missing-package.handler",
      errorType: "Runtime.ImportModuleError",
      message: /no-such-package-anywhere[\s\S]*Require stack:/,
    },
    { handler: "missing-file.handler", errorType: "Runtime.ImportModuleError", message: /not-there/ },
    { handler: "missing-require.handler", errorType: "Runtime.ImportModuleError", message: /not-there/ },
    { handler: "broken.handler", errorType: "Runtime.UserCodeSyntaxError", message: /^SyntaxError: / },
    { handler: "broken-long.handler", errorType: "Runtime.UserCodeSyntaxError", message: /^SyntaxError: / },
    {
      handler: "esm.other",
      errorType: "Runtime.HandlerNotFound",
      message: /^esm\.other is undefined or not exported$/,
    },
    {
      handler: "esm.nested.nobody.handler",
      errorType: "Runtime.HandlerNotFound",
      message: /is undefined or not exported$/,
    },
    { handler: "esm.text", errorType: "Runtime.HandlerNotFound", message: /^esm\.text is not a function$/ },
    { handler: "esm.nested", errorType: "Runtime.HandlerNotFound", message: /is not a function$/ },
    { handler: "number-export.handler", errorType: "Runtime.HandlerNotFound", message: /is not a function$/ },
    { handler: "null-export.handler", errorType: "Runtime.HandlerNotFound", message: /is undefined or not exported$/ },
    { handler: "throws.handler", errorType: "RangeError", message: /^at load$/ },
    { handler: "throws-text.handler", errorType: "string", message: /^just text$/ },
  ])("'$handler' with $errorType", async ({ handler, errorType, message }) => {
    const error = await load(handler).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(HandlerLoadError);
    const { wire } = error as HandlerLoadError;
    expect(wire.errorType).toBe(errorType);
    expect(wire.errorMessage).toMatch(message);
    expect(JSON.stringify(wire).length).toBeLessThan(10_000);
  });

  test("a syntax error shows its line, unless that is a minified one of megabytes", async () => {
    const wireOf = (handler: string): Promise<ErrorObject> =>
      load(handler).then(
        () => Promise.reject(new Error(`${handler} was loaded`)),
        (error: HandlerLoadError) => error.wire,
      );
    const short = await wireOf("broken.handler");
    expect(short.trace).toContainEqual(expect.stringContaining("return 1 +;"));
    expect(short.trace[0]).toMatch(/broken\.mjs:2$/);
    expect(short.trace.at(-1)).toMatch(/^Runtime\.UserCodeSyntaxError: SyntaxError: /);
    const long = await wireOf("broken-long.handler");
    expect(long.trace.length).toBe(2);
  });
});
