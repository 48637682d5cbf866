// The tests of the library once more, on Node, with the library as it is built for the package.
import { beforeAll, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { needs, repository, run, temporaryFolder } from "./harness/index.ts";
import { buildPackage, bunPath, nodePath } from "./harness/package.ts";

const files = readdirSync(`${repository}/test`).filter(
  (name) => /^library.*\.test\.ts$/.test(name) && name !== "library-node.test.ts",
);
const built = temporaryFolder("node-tests");

beforeAll(async () => {
  await buildPackage();
  // Node has no `await using` yet; the library itself is left out.
  const { status, stderr } = await run(
    [
      ...[
        bunPath,
        "build",
        "--splitting",
        "--target=node",
        "--external",
        "bun:test",
        "--external",
        "*/src/index.ts",
      ],
      ...["--outdir", built, "test/harness/preload.ts", ...files.map((name) => `test/${name}`)],
    ],
    { cwd: repository },
  );
  expect([status, stderr]).toEqual([0, ""]);
}, 120_000);

for (const name of files)
  needs({ file: nodePath, idRange: true })(
    `${name} on Node`,
    async () => {
      const imports = [`${repository}/test/node/hooks.ts`, `${built}/harness/preload.js`];
      const { status, stdout, stderr } = await run(
        [
          ...[nodePath, "--test-reporter=tap", ...imports.flatMap((path) => ["--import", path])],
          `${built}/${name.replace(/\.ts$/, ".js")}`,
        ],
        { timeout: 290_000 },
      );
      const passed = stdout.match(/^ok /gm)?.length ?? 0;
      if (status !== 0) console.log(stdout, stderr);
      expect([status, passed > 5]).toEqual([0, true]);
    },
    300_000,
  );
