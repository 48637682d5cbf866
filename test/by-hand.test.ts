// docs/by-hand.md: every command in it, with the output it shows.
import { expect } from "bun:test";
import { join } from "node:path";
import { needs, repository, run } from "./harness/index.ts";

needs({ root: true, testUser: true })(
  "what docs/by-hand.md shows is what its commands print",
  async () => {
    const script = join(repository, "scripts/record-by-hand.ts");
    const { status, stderr } = await run([process.execPath, script, "--check"], { timeout: 120_000 });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  },
  130_000,
);
