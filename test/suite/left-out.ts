// What a part leaves out of test/, when it is not asked for single files: what another part runs to the same end.
import { existsSync } from "node:fs";
import { repository } from "../harness/husk.ts";

/** These have a part of their own. */
const otherEngines = ["test/other-engines/*"];

/**
 * What they look at is decided before it matters who asks: texts, completion, what is said to registries, programs
 * beside husk, another JavaScript runtime (on which users have the examples).
 */
const alikeForAll = files(`
  cli-completion cli-help harness/harness image-login image-upload keeper-arm64 launcher library-node`);

/**
 * A container's life beside its files and users: an ordinary user's is the same whether newuidmap maps a range for it
 * or husk its own id, so the user with a range goes through these for both.
 */
const alikeForOrdinaryUsers = files(`
  cli-output cli-run cli-status
  engine-attach engine-logs engine-lost engine-ps engine-restart engine-storm engine-thousand
  examples explain image-killed image-pull image-push image-store
  keeper keeper-attached keeper-detached keeper-end keeper-log keeper-socket killed
  library-images many old-keeper signals state-folders streams system-settings terminal`);

/** Patterns of test files (`bun test --path-ignore-patterns`) for each part. */
export const leftOut: Readonly<Record<string, readonly string[]>> = {
  root: otherEngines,
  user: [...otherEngines, ...alikeForAll],
  single: [...otherEngines, ...alikeForAll, ...alikeForOrdinaryUsers],
};

function files(names: string): readonly string[] {
  const paths = names
    .trim()
    .split(/\s+/)
    .map((name) => `test/${name}.test.ts`);
  for (const path of paths)
    if (!existsSync(`${repository}/${path}`))
      throw new Error(`${path} is not there: is it called otherwise now?`);
  return paths;
}
