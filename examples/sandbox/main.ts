import { openEngine } from "husk";
import { prepareSandbox, runUntrusted } from "./sandbox.ts";

const programs: Readonly<Record<string, string>> = {
  "an honest one": "console.log(6 * 7)",
  "one that looks around": `
    const fs = require("node:fs");
    console.log(fs.existsSync("/etc/shadow"), fs.existsSync("/home"), process.getuid());
    try { fs.writeFileSync("/here", "") } catch (error) { console.log(error.code) }`,
  "one that calls home": `
    fetch("http://192.0.2.1").then(() => console.log("reached"), () => console.log("no way out"))`,
  "one that never ends": "for (;;);",
  "one that eats memory": "const all = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1));",
  "one that never stops talking": 'for (;;) require("node:fs").writeSync(1, "x".repeat(10_000));',
};

const husk = await openEngine();
await prepareSandbox(husk);
for (const [name, code] of Object.entries(programs)) {
  const { kind, stdout } = await runUntrusted(husk, code, 5000);
  console.log(`${name}: ${kind}${stdout === "" ? "" : `: ${stdout.trim().replaceAll("\n", ", ")}`}`);
}
await husk.images.remove("example/javascript-sandbox");
