// Containers of images where overlays, or mounts with other ids, cannot be had: their files are copied, and it is said.
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { busybox } from "./image-archive.ts";
import { makeImage, startDouble } from "./image-registry.ts";
import { engine, findUser, huskPath, needs, run, temporaryFolder, userWithRanges } from "./harness/index.ts";

const test = needs({ root: true, command: ["busybox", "unshare", "tar"] });

/** Runs a script where HUSK_ROOT is on an overlay, which the kernel takes no writable layer from. */
async function onOverlay(script: string): Promise<{ stdout: string; stderr: string; status: number }> {
  const folder = temporaryFolder("overlay");
  const words = `mount -t tmpfs none "$1"; cd "$1"; mkdir lower upper work merged
    mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work merged
    export HUSK_ROOT="$1/merged/root" HUSK_RUN="$1/run" husk="$2"
    $husk image make -q box busybox --link sh,cat,ls,stat,rm,touch,chown,hostname >/dev/null
    ${script}`;
  return run(["unshare", "-m", "sh", "-euc", words, "sh", folder, huskPath], { timeout: 60_000 });
}

const WARNING = /^husk: warning: box is copied as a whole, .* overlay .*\(EINVAL\)\)$/;

describe("where overlays cannot be had", () => {
  test("a container gets a copy of its image, which stays its own", async () => {
    const { stdout, stderr, status } = await onOverlay(`
      $husk run --name one -h box box sh -c 'cat /etc/hostname; stat -c %u:%g:%a / /etc/hosts; echo mine >/file; rm /usr/bin/ls'
      $husk start -a one >/dev/null 2>&1 || echo restarted
      $husk cp one:/file - | tar -t
      $husk run --rm box ls -d /usr/bin/ls
      test -z "$(ls -A "$HUSK_ROOT/unfinished")"`);
    const lines = stderr.trim().split("\n");
    expect([status, stdout]).toEqual([0, "box\n0:0:755\n0:0:644\nrestarted\nfile\n/usr/bin/ls\n"]);
    // Once a container.
    expect(lines.map((line) => WARNING.test(line))).toEqual([true, true]);
  });

  test("forks and archives are copies, too; what would need to know changes says so", async () => {
    const { stdout, stderr, status } = await onOverlay(`
      $husk create --name one box sh -c 'cat /file 2>&-; echo mine >>/file' >/dev/null
      $husk start -a one || :
      $husk fork one two >/dev/null
      $husk start -a one; $husk start -a two
      $husk export one | tar -x -O file
      for what in "diff one" "commit one x"; do $husk $what && exit 9; done
      $husk rm one two >/dev/null; ls -A "$HUSK_ROOT/containers" "$HUSK_ROOT/unfinished" "$HUSK_ROOT/forks" 2>/dev/null | grep -v : || :`);
    expect([status, stdout.trim()]).toEqual([0, "mine\nmine\nmine\nmine"]);
    expect(stderr.match(/copied as a whole/g)?.length).toBe(1);
    expect(
      stderr.match(/one is a copy of its image: nobody knows what it changed — husk export one/g)?.length,
    ).toBe(2);
  });

  test("with mapped ids the copies belong to those", async () => {
    const script =
      "stat -c %u:%g / /etc/hosts /usr/bin/busybox; touch /new; chown 7:8 /new; stat -c %u:%g /new";
    const { stdout, stderr, status } = await onOverlay(`
      $husk run --name one --uidmap 0:100000:65536 --gidmap 0:200000:65536 box sh -c '${script}'
      stat -c %u:%g "$HUSK_ROOT"/containers/*/rootfs/new
      $husk export one | tar -tv --numeric-owner | grep ' new$' | cut -d ' ' -f 2`);
    expect([status, stdout]).toEqual([0, "0:0\n0:0\n0:0\n7:8\n100007:200008\n7/8\n"]);
    expect(stderr).toMatch(/copied as a whole/);
  });

  test("a copy that is killed leaves nothing but a container to be started", async () => {
    const { stdout, status } = await onOverlay(`
      $husk create --name one box cat /etc/hostname >/dev/null
      for delay in 0.02 0.05 0.1 0.2; do
        timeout -s KILL $delay $husk start one >/dev/null 2>&1 || :
      done
      sleep 1; $husk wait one >/dev/null 2>&1 || :
      $husk start -a one >/dev/null 2>&1; ls "$HUSK_ROOT"/containers/* | grep rootfs`);
    expect([status, stdout]).toEqual([0, "rootfs\n"]);
  });
});

test("where overlays can be mounted, but lack the attributes they need, containers get copies, too", async () => {
  const double = startDouble();
  double.add(
    "app",
    "1",
    makeImage([
      [...busybox, { name: "opaque/" }, { name: "opaque/lower" }, { name: "gone" }],
      [{ name: "opaque/" }, { name: "opaque/.wh..wh..opq" }, { name: "opaque/upper" }, { name: ".wh.gone" }],
    ]),
  );
  const folder = temporaryFolder("ramfs");
  const words = `mount -t ramfs none "$1"; export HUSK_ROOT="$1/root" HUSK_RUN="$1/run"
    $2 image make -q box busybox --link true >/dev/null; $2 run --rm box /usr/bin/true
    $2 run -q --rm "$3" /bin/sh -c 'cd /; echo /opaque/* /gon*; echo >/new'`;
  const argv = ["unshare", "-m", "sh", "-euc", words, "sh", folder, huskPath, `${double.host}/app:1`];
  const { status, stdout, stderr } = await run(argv);
  await double.stop();
  expect([status, stdout]).toEqual([0, "/opaque/upper /gon*\n"]);
  const [first, second] = stderr.split("\n");
  expect(first).toMatch(/box is copied as a whole, .*its file system lacks what overlays need/);
  expect(second).toMatch(/app:1 is copied as a whole, .*layers of the store lack marks/);
});

test("what a container with mapped ids wrote has its own ids in images and archives", async () => {
  const own = engine();
  await own.husk(["image", "make", "-q", "box", "busybox", "--link", "sh,stat,touch,chown"]);
  const maps = ["--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536"];
  const write = ["sh", "-c", "touch /new; chown 7:8 /new"];
  expect((await own.husk(["run", "--name", "one", ...maps, "box", ...write])).stderr).toBe("");
  expect((await own.husk(["commit", "one", "mine:1"])).status).toBe(0);
  expect((await own.husk(["run", "--rm", "mine:1", "stat", "-c", "%u:%g", "/new", "/usr"])).stdout).toBe(
    "7:8\n0:0\n",
  );
  await own.husk(["export", "-o", `${own.root}/export.tar`, "one"]);
  const { stdout } = await run(["tar", "-tv", "--numeric-owner", "-f", `${own.root}/export.tar`]);
  expect(stdout).toMatch(/ 7\/8 .* new$/m);
  expect(stdout).not.toMatch(/ [12]0000[0-9]/);
});

needs({ testUser: true, command: "busybox" })(
  "an ordinary user's --uidmap gets files of those ids",
  async () => {
    const user = findUser(userWithRanges)!;
    const first = (file: string): number =>
      Number(/^husk-test:([0-9]+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? Number.NaN);
    const maps = ["--uidmap", `0:${first("/etc/subuid")}:1000`, "--gidmap", `0:${first("/etc/subgid")}:1000`];
    const own = engine(user);
    await own.husk(["image", "make", "-q", "box", "busybox", "--link", "sh,stat,touch,chown"]);
    const script = "stat -c %u:%g / /usr/bin/busybox; touch /new; chown 7:8 /new; stat -c %u:%g /new";
    const { status, stdout, stderr } = await own.husk(["run", "--rm", ...maps, "box", "sh", "-c", script]);
    expect([status, stdout]).toEqual([0, "0:0\n0:0\n7:8\n"]);
    expect(stderr).toContain("box is copied as a whole");
    expect((await own.husk(["ps", "-aq"])).stdout).toBe("");
  },
);
