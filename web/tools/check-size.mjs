// Fails when the built widget is larger than a partner's page may be asked to load, or loads its launcher twice.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMITS = { launcher: 5_000, total: 45_000 };
const folder = new URL("../dist/", import.meta.url);

const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
const sizes = files.map((name) => [name, gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length]);
for (const [name, size] of sizes) console.log(`${name.padEnd(32)} ${(size / 1000).toFixed(2)} kB compressed`);

const launcher = sizes.find(([name]) => name === "nrw-chat.js")?.[1] ?? Infinity;
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
console.log(`launcher ${launcher} of ${LIMITS.launcher} bytes, total ${total} of ${LIMITS.total} bytes`);

const problems = [];
if (launcher > LIMITS.launcher) problems.push(`The launcher is ${launcher - LIMITS.launcher} bytes over its limit.`);
if (total > LIMITS.total) problems.push(`The widget is ${total - LIMITS.total} bytes over its limit.`);
for (const name of files.filter((each) => each !== "nrw-chat.js")) {
  // a page may load nrw-chat.js with a query: then such an import would run the launcher a second time
  if (/["']\.\/nrw-chat\.js["']/.test(readFileSync(new URL(name, folder), "utf-8"))) problems.push(`${name} imports the launcher; share types only.`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
