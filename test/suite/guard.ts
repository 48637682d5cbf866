// guard COMMAND…: runs COMMAND and compares what is the part's own before and after. What is left or gone is named,
// and makes the exit status 99.
import { differences, ofPart } from "./left-behind.ts";

const leftBehind = 99;

const before = ofPart();
const child = Bun.spawn(process.argv.slice(2), { stdio: ["ignore", "inherit", "inherit"] });
process.on("SIGTERM", () => child.kill("SIGTERM"));
await child.exited;
const lines = await differences(before, ofPart);
for (const line of lines) console.error(line);
process.exit(lines.length > 0 ? leftBehind : (child.exitCode ?? 128));
