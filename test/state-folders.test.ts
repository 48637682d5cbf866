// Where husk keeps its state, when the disk does not play along: one clear error, and nothing left.
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { huskPath, isRoot, needs, type Result, shell, temporaryFolder } from "./harness/index.ts";

const asRoot = needs({ root: true });

/**
 * Runs a shell script in a mount namespace of its own, in which `husk` is the one of this repository with the
 * folders $root and $run, and `disk FOLDER OPTIONS` mounts a new file system.
 */
function withDisks(script: string): Promise<Result> {
  const folder = temporaryFolder("state");
  for (const name of ["root", "run"]) mkdirSync(join(folder, name), { mode: 0o700 });
  const prepared = `
    root=${folder}/root; run=${folder}/run
    husk() { ${huskPath} --root $root --run $run "$@"; }
    disk() { mount -t tmpfs -o "mode=700,$2" husk-test "$1"; }
    fill() { head -c 1000000 /dev/zero > "$1/fill" 2> /dev/null || true; }
    state() { (cd "$1"; find . -mindepth 1 ! -name fill ! -name containers ! -name 'keeper-????????????????' | sort); }
    ${script}`;
  return shell('exec unshare --mount --propagation=private sh -euc "$1"', [prepared]);
}

const oneLine = (start: string, end: string): string =>
  expect.stringMatching(new RegExp(`^husk: ${start}[^\\n]*${end}[^\\n]*\\n$`));
const makeSpace = "free some space there";

asRoot("no space for anything in --run", async () => {
  const { stdout, stderr } = await withDisks(
    "disk $run size=8k; fill $run; husk run host true || echo $?; state $run",
  );
  expect([stdout, stderr]).toEqual(["125\n", oneLine("cannot write .*/run/engine.json: ENOSPC", makeSpace)]);
});

asRoot("no space for another container in --run: those that exist are not harmed", async () => {
  const { stdout, stderr } = await withDisks(`disk $run size=64k
    mkfifo $root/../pipe
    husk run --rm -i --name first host sh -c 'read line; exit 7' < $root/../pipe & first=$!
    exec 9> $root/../pipe
    while ! husk exec first true 2> /dev/null; do sleep 0.01; done
    fill $run
    husk run --rm host true || echo $?
    husk run --rm --name second host true || echo $?
    ls $root/names; ls $run/containers | wc -l
    echo go >&9
    wait $first || echo $?
    rm $run/fill; husk run --rm host echo again; state $run; ls $root/containers $root/names | wc -w`);
  expect(stdout).toBe("125\n125\nfirst\n4\n7\nagain\n./engine.json\n./events\n./events/log\n2\n");
  const lines = stderr.trimEnd().split("\n");
  expect(lines.length).toBe(2);
  for (const line of lines) expect(line).toMatch(/^husk: cannot write .*: ENOSPC.* — free some space there/);
});

asRoot("no space for the keeper in --root: no half of one is left for later", async () => {
  const { stdout, stderr } = await withDisks(`disk $root size=8k
    husk run host true || echo $?
    ls $root
    mount -o remount,size=1m $root; husk run host echo again`);
  expect([stdout, stderr]).toEqual([
    "125\nengine.json\nagain\n",
    oneLine("cannot write .*/keeper-[0-9a-f]+: ENOSPC", makeSpace),
  ]);
});

asRoot("no files left in --run", async () => {
  const { stdout, stderr } = await withDisks(
    "disk $run nr_inodes=4; husk run host true || echo $?; state $run",
  );
  expect([stdout, stderr]).toEqual(["125\n./engine.json\n", oneLine("cannot write .*ENOSPC", makeSpace)]);
});

asRoot("a --root that became read-only takes no container, and says so", async () => {
  const { stdout, stderr } = await withDisks(`disk $root size=1m
    husk run --rm host echo first; mount -o remount,ro $root
    husk run --name second host echo second || echo $?; husk ps -aq; state $run`);
  expect([stdout, stderr]).toEqual([
    "first\n125\n./engine.json\n./events\n./events/log\n",
    oneLine("cannot write .*EROFS", "have to name folders this user can write to"),
  ]);
});

asRoot("otherwise read-only folders are named", async () => {
  for (const folder of ["root", "run"]) {
    const { stdout, stderr } = await withDisks(
      `disk $${folder} ro; husk run host true || echo $?; state $run`,
    );
    expect([folder, stdout.split("\n")[0], stderr]).toEqual([
      folder,
      "125",
      oneLine(`cannot write .*/${folder}/engine.json: EROFS`, "have to name folders this user can write to"),
    ]);
  }
});

asRoot("where no program may be executed, no container starts; --run may be such a place", async () => {
  const { stdout, stderr } = await withDisks(
    `disk $root noexec; husk run host true || echo $?; ls $run/containers`,
  );
  expect([stdout, stderr]).toEqual([
    "125\n",
    oneLine("cannot start the keeper .*EACCES", "not mounted noexec"),
  ]);
  expect((await withDisks("disk $run noexec,nodev,nosuid; husk run host echo fine")).stdout).toBe("fine\n");
});

test("a folder that cannot be made is named", async () => {
  const missing = isRoot ? "/proc/nothing" : "/root/nothing";
  const { stdout, stderr } = await shell(`${huskPath} --root ${missing} run host true || echo $?`);
  expect([stdout, stderr]).toEqual([
    "125\n",
    oneLine(`cannot (make|reach) husk's folder ${missing}`, "--root DIR"),
  ]);
});
