// A program that starts a kept container and leaves, as `husk run -d` does: FOLDER SCRIPT.
import { keep } from "./kept-container.ts";

const [folder, script] = process.argv.slice(2) as [string, string];
const container = await keep(script, { folder });
console.log((await container.report()).outcome);
process.exit(0);
