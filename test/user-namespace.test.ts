// Ids of a container's own: user namespaces, for root and for ordinary users, and containers in containers.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { firstProcess, inside } from "./harness/control-group.ts";
import {
  commandLine,
  descendants,
  husk,
  isRoot,
  makeRootfs,
  missing,
  namespaceOf,
  needs,
  processStatus,
  repository,
  run,
  startHusk,
  waitFor,
} from "./harness/index.ts";

/** Root needs to ask for a user namespace; it also gets a range of ids for it. */
const asked = isRoot ? ["--uidmap", "0:100000:65536"] : [];
const hasRange = isRoot || missing({ idRange: true }).length === 0;

describe("S44: root inside, somebody else outside", () => {
  test("the maps say who, and the host's process list too", async () => {
    const container = startHusk([
      "run",
      ...asked,
      "host",
      "sh",
      "-c",
      "id -u; cat /proc/self/uid_map; exec sleep 60",
    ]);
    const sleep = await inside(container, "sleep");
    const [id, ...map] = container.stdout().trim().split("\n");
    expect(id).toBe("0");
    const [first = [], ...others] = map.map((line) => line.trim().split(/\s+/).map(Number));
    const owner = isRoot ? 100_000 : process.getuid!();
    expect([first[0], first[1]]).toEqual([0, owner]);
    expect(others.length).toBe(!isRoot && hasRange ? 1 : 0);
    expect((await run(["ps", "-o", "uid=", "-p", `${sleep}`])).stdout.trim()).toBe(`${owner}`);
    expect(processStatus(sleep, "CapEff")).not.toBe("0000000000000000");
    process.kill(sleep, "SIGKILL");
    await container.result;
  });

  needs({ idRange: true })(
    "with a range, files and processes can be other users' of the container",
    async () => {
      const script =
        "touch f; chown 1000:1000 f; stat -c %u:%g f; setpriv --reuid 1000 --clear-groups sh -c 'id -u; exec sleep 60'";
      const container = startHusk(["run", ...asked, "-w", "/root", "host", "sh", "-euc", script]);
      const sleep = await inside(container, "sleep");
      expect(container.stdout()).toBe("1000:1000\n1000\n");
      const start = isRoot ? 101_000 : Number(/^[^:]*:(\d+)/m.exec(ownRange())![1]) + 999;
      expect(processStatus(sleep, "Uid")?.split("\t")[0]).toBe(`${start}`);
      process.kill(firstProcess(container)!, "SIGKILL");
      await container.result;
    },
  );

  test("an id that is not mapped cannot be given", async () => {
    const cases: [readonly string[], number][] = [[asked, hasRange ? 100_000 : 1]];
    if (isRoot) cases.push([["--uidmap", "0:0:1"], 1]);
    for (const [flags, id] of cases) {
      const script = `touch /root/f; chown ${id} /root/f`;
      const { stderr, status } = await husk(["run", ...flags, "host", "sh", "-c", script]);
      expect([flags, status, stderr]).toEqual([flags, 1, expect.stringContaining("Invalid argument")]);
    }
  });

  test("what is the host root's stays closed", async () => {
    const script =
      "cat /etc/shadow; (echo 1 > /proc/sys/kernel/panic); (: > /proc/sysrq-trigger); mknod /root/d c 1 3; echo no";
    const { stdout, stderr } = await husk(["run", "--privileged", ...asked, "host", "sh", "-c", script]);
    expect(stdout).toBe("no\n");
    expect(stderr.match(/Permission denied|Operation not permitted/g)?.length).toBe(3);
  });
});

/** The line of this user in /etc/subuid. */
function ownRange(): string {
  const name = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => Number(line.split(":")[2]) === process.getuid!())!
    .split(":")[0]!;
  return readFileSync("/etc/subuid", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`))!;
}

describe("S45: husk in a container of husk", () => {
  needs({ command: "busybox" })(
    "every level has its own ids and processes, and sees those below",
    async () => {
      const rootfs = makeRootfs();
      const count = "set -- /proc/[0-9]*; echo";
      const inner = "/husk/husk --root /tmp/root --run /tmp/run run --uidmap 0:0:1 --rootfs /inner sh -c";
      const script = `sleep 62 & ${inner} '${count} inner $#; touch /tmp/made; sleep 61 & wait' &
      while [ ! -e /inner/tmp/made ]; do sleep 0.02; done; ${count} outer $#; wait`;
      const outer = startHusk(
        [
          "run",
          "--privileged",
          ...asked,
          "-v",
          `${repository}/dist:/husk:ro`,
          "-v",
          `${rootfs}:/inner`,
          "host",
          "sh",
          "-c",
          script,
        ],
        { timeout: 120_000 },
      );
      // Each by a way of its own, so either may come first.
      const counted = (where: string): Promise<number> =>
        waitFor(`the ${where} container`, () => {
          const [, number] = new RegExp(`^${where} (\\d+)\n`, "m").exec(outer.stdout()) ?? [];
          return number === undefined ? undefined : Number(number);
        });
      const [inInner, inOuter] = [await counted("inner"), await counted("outer")];
      const sleeping = (seconds: string): Promise<number> =>
        waitFor(
          `sleep ${seconds}`,
          () =>
            descendants(outer.pid).find(({ pid }) => commandLine(pid).join(" ") === `sleep ${seconds}`)?.pid,
        );
      const [pidOuter, pidInner] = [await sleeping("62"), await sleeping("61")];
      for (const kind of ["user", "pid"])
        expect(new Set([process.pid, pidOuter, pidInner].map((pid) => namespaceOf(pid, kind))).size).toBe(3);
      expect([pidOuter, pidInner].map((pid) => processStatus(pid, "NSpid")!.split("\t").length)).toEqual([
        2, 3,
      ]);
      // The shell; in the outer one besides it: a sleep, the inner husk, its keeper, what that keeps.
      expect(inInner).toBe(1);
      expect(inOuter).toBeGreaterThan(3);
      process.kill(firstProcess(outer)!, "SIGKILL");
      expect((await outer.result).stderr).toBe("");
    },
    120_000,
  );
});
