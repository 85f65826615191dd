import { zipOf } from "/work/main/test/support/zip.ts";
const url = process.argv[2]!; const n = Number(process.argv[3] ?? 300); const c = Number(process.argv[4] ?? 1); const same = process.argv[5] === "same";
const zips: string[] = [];
for (let i = 0; i < n; i++) zips.push(Buffer.from(await zipOf({ "index.mjs": `export const handler = async () => ${same ? 1 : i};\n//` + "x".repeat(600) + Math.random() })).toString("base64"));
let k = 0; const t = performance.now(); const tag = Math.random().toString(36).slice(2); const lat: number[] = [];
await Promise.all(Array.from({ length: c }, async () => { while (k < n) { const i = k++; const t = performance.now(); const r = await fetch(url + "/2015-03-31/functions", { method: "POST", body: JSON.stringify({ FunctionName: "f" + tag + i, Runtime: "nodejs22.x", Role: "arn:aws:iam::000000000000:role/r", Handler: "index.handler", Code: { ZipFile: zips[same ? 0 : i] } }) }); if (r.status !== 201) console.log(r.status, await r.text()); await r.text(); lat.push(performance.now() - t); } }));
lat.sort((a, b) => a - b);
console.log(c, "clients", same ? "same" : "unique", (n / (performance.now() - t) * 1000) | 0, "/s", "p50", lat[n >> 1]!.toFixed(1), "p90", lat[(n * .9) | 0]!.toFixed(1), "max", lat.at(-1)!.toFixed(0));
