// A program that runs a kept container in the foreground, as `husk run -it` does: FOLDER SCRIPT [KEYS in hexadecimal].
import { keep } from "./kept-container.ts";

const [folder, script, keys = ""] = process.argv.slice(2) as [string, string, string?];
process.on("SIGUSR2", () => {
  console.log("left alone");
  process.exit(0);
});
const container = await keep(script, {
  folder,
  run: { tty: process.stdin.isTTY, interactive: true },
  attached: { stdin: 0, stdout: 1 },
  supervision: {
    input: true,
    inputOnce: true,
    ...(keys === "" ? {} : { detachKeys: Uint8Array.from(Buffer.from(keys, "hex")) }),
  },
});
const report = await container.report();
console.log(`${report.outcome} ${report.exitCode}`);
process.exit(0);
