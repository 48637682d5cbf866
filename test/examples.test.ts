// The examples do what their README says, on Bun and on Node.
import { beforeAll, describe, expect } from "bun:test";
import { needs, type Needs, repository, run, temporaryFolder } from "./harness/index.ts";
import { buildPackage, bunPath, nodePath } from "./harness/package.ts";

// Node takes the library that is built.
beforeAll(buildPackage, 120_000);

async function example(runtime: string, name: string): Promise<string[]> {
  const { status, stdout, stderr } = await run([runtime, `${repository}/examples/${name}/main.ts`], {
    cwd: temporaryFolder("elsewhere"),
    env: {
      HUSK_ROOT: temporaryFolder("root", 0o700),
      HUSK_RUN: temporaryFolder("run", 0o700),
      NODE_NO_WARNINGS: "1",
    },
    timeout: 60_000,
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trimEnd().split("\n");
}

const runtimes: readonly (readonly [name: string, path: string, needed: Needs])[] = [
  ["Bun", bunPath, {}],
  ["Node", nodePath, { file: nodePath }],
];

for (const [name, path, needed] of runtimes)
  describe(`on ${name}`, () => {
    needs({ ...needed, root: true, controller: ["memory", "pids", "cpu"] })(
      "untrusted code sees nothing, reaches nothing, and takes no more than it may",
      async () => {
        expect(await example(path, "sandbox")).toEqual([
          "an honest one: done: 42",
          "one that looks around: done: false false 65534, EROFS",
          "one that calls home: done: no way out",
          "one that never ends: too slow",
          "one that eats memory: too much memory",
          "one that never stops talking: too much output",
        ]);
      },
      70_000,
    );

    needs({ ...needed, command: ["redis-server", "redis-cli"] })(
      "each test has a filled database of its own",
      async () => {
        expect(await example(path, "database")).toEqual([
          "first: found hello 3, leaves hello from the first",
          "second: found hello 3, leaves hello from the second",
          "third: found hello 3, leaves hello from the third",
          "left: 0",
        ]);
      },
      70_000,
    );

    needs(needed)(
      "six uses of a pool of three, each in a container nobody has used",
      async () => {
        const uses = [1, 2, 3, 4, 5, 6].map((n) => `0 → ${n}`);
        expect(await example(path, "warm-pool")).toEqual([...uses, "left: 0"]);
      },
      70_000,
    );
  });
