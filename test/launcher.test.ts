// ./husk as it is used in a working copy: it builds when a source is newer, and only then.
import { expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { repository, run, temporaryFolder } from "./harness/index.ts";

const LONG_AGO = 1_000_000_000;

/** A working copy whose build writes its arguments and whose husk writes its own; all its files are old. */
function workingCopy(): { folder: string; husk: string } {
  const folder = temporaryFolder("launcher");
  for (const name of ["dist", "scripts", "src"]) mkdirSync(join(folder, name));
  copyFileSync(join(repository, "husk"), join(folder, "husk"));
  copyFileSync(join(repository, "dist/launch"), join(folder, "dist/launch"));
  const build = `#!/bin/sh\necho "built $*"\ncat\ntouch -d @${LONG_AGO + 1} '${folder}/dist/husk'\n`;
  program(join(folder, "scripts/build"), build);
  program(join(folder, "dist/husk"), `#!/bin/sh\necho "husk $*"\ncat\nexit 7\n`);
  writeFileSync(join(folder, "src/a.ts"), "");
  writeFileSync(join(folder, "dist/sources"), "src\nsrc/a.ts\nscripts/build\n");
  for (const path of ["src/a.ts", "src", "scripts/build"]) utimesSync(join(folder, path), LONG_AGO, LONG_AGO);
  utimesSync(join(folder, "dist/husk"), LONG_AGO, LONG_AGO);
  return { folder, husk: join(folder, "husk") };
}

function program(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

test("nothing is built when nothing is newer; arguments, input and status are husk's", async () => {
  const { husk } = workingCopy();
  const { status, stdout, stderr } = await run([husk, "run", "a b"], { stdin: "typed" });
  expect({ status, stdout: `${stdout}`, stderr: `${stderr}` }).toEqual({
    status: 7,
    stdout: "husk run a b\ntyped",
    stderr: "",
  });
});

test("a source that is newer, by however little, that is gone, or was added: it is built first, aside from husk's streams", async () => {
  const changes: ((folder: string) => void)[] = [
    (folder) => utimesSync(join(folder, "src/a.ts"), LONG_AGO, LONG_AGO + 0.001),
    (folder) => appendFileSync(join(folder, "src/a.ts"), "changed in place"),
    (folder) => rmSync(join(folder, "src/a.ts")),
    (folder) => writeFileSync(join(folder, "src/b.ts"), ""),
    (folder) => rmSync(join(folder, "dist/sources")),
  ];
  for (const change of changes) {
    const { folder, husk } = workingCopy();
    change(folder);
    const { status, stdout, stderr } = await run([husk, "ps"], { stdin: "typed" });
    expect({ status, stdout: `${stdout}`, stderr: `${stderr}` }).toEqual({
      status: 7,
      stdout: "husk ps\ntyped",
      stderr: "built --if-stale\n",
    });
  }
});

test("what cannot be built is not run", async () => {
  const { folder, husk } = workingCopy();
  program(join(folder, "scripts/build"), "#!/bin/sh\nexit 1\n");
  const { status, stdout } = await run([husk, "ps"], {});
  expect({ status, stdout: `${stdout}` }).toEqual({ status: 125, stdout: "" });
});
