import { expect, test } from "bun:test";
import { findHandlerFile, splitHandler } from "../../src/packages/handler-file.ts";

test.each([
  { handler: "index.handler", files: ["index.js"], found: "index.js" },
  { handler: "index.handler", files: ["index.mjs", "index.js", "index.cjs"], found: "index.js" },
  { handler: "index.handler", files: ["index.ts", "index.cjs", "index.mjs"], found: "index.mjs" },
  { handler: "index.handler", files: ["index.ts", "index.cjs"], found: "index.cjs" },
  { handler: "index.handler", files: ["index.cts", "index.mts", "index.ts"], found: "index.ts" },
  { handler: "index.handler", files: ["index.jsx", "index.tsx"], found: "index.tsx" },
  { handler: "index.handler", files: ["index.js", "index"], found: "index" },
  { handler: "src/api/index.users.get", files: ["index.js", "src/api/index.js"], found: "src/api/index.js" },
  { handler: "./src//index.handler", files: ["src/index.js"], found: "src/index.js" },
  { handler: "src.v2/index.handler", files: ["src.v2/index.js"], found: "src.v2/index.js" },
])("$handler in $files means $found", ({ handler, files, found }) => {
  expect(findHandlerFile(files, handler)).toBe(found);
});

test.each([
  { handler: "index.handler", files: ["main.js"] },
  { handler: "index.handler", files: ["index/index.js"] },
  { handler: "index.handler", files: ["src/index.js"] },
  { handler: "index.handler", files: ["index.json", "index.py", "index.d.ts"] },
  { handler: "index", files: ["index", "index.js"] },
  { handler: "index.", files: ["index.js"] },
  { handler: ".handler", files: [".js", "handler.js"] },
  { handler: "src/.handler", files: ["src/.js"] },
  { handler: "../index.handler", files: ["index.js"] },
  { handler: "", files: ["index.js"] },
])("$handler in $files means no file", ({ handler, files }) => {
  expect(findHandlerFile(files, handler)).toBeUndefined();
});

test("an export may have dots, a file's name may not", () => {
  expect(splitHandler("dir/file.a.b")).toEqual({ module: "dir/file", exportName: "a.b" });
});
