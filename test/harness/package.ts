// The npm package, built, and Node to run it on.
import { run } from "./command.ts";
import { repository } from "./husk.ts";
import { isRoot } from "./needs.ts";

/** Node, as test/install-node brings it. */
export const nodePath = `${repository}/dist/node/node`;
export const bunPath = `${repository}/node_modules/.bin/bun`;

/** Builds dist/package if it is older than its sources; ordinary users take what is there. */
export async function buildPackage(): Promise<void> {
  if (!isRoot) return;
  const { status, stderr } = await run([`${repository}/scripts/build-package`, "--if-stale"], {
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`scripts/build-package: ${stderr}`);
}
