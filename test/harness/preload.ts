// Runs before and after all test files of one `bun test` (see bunfig.toml).
import { afterAll } from "bun:test";
import { existsSync } from "node:fs";
import { huskPath } from "./husk.ts";
import { removeTemporary } from "./temporary.ts";

// Packages and images are many files.
afterAll(removeTemporary, 60_000);

// What commands without folders of their own left in the suite's: containers that were never removed.
afterAll(() => {
  const root = process.env["HUSK_ROOT"];
  if (root === undefined || !existsSync(`${root}/containers`)) return;
  const ids = Bun.spawnSync([huskPath, "ps", "-aq"]).stdout.toString().split("\n").filter(Boolean);
  if (ids.length > 0) Bun.spawnSync([huskPath, "rm", "-f", "-v", ...ids]);
}, 60_000);
