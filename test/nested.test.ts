// husk inside `husk run --privileged host`, and the commands of the course's chapters inside it.
import { expect } from "bun:test";
import { dirname } from "node:path";
import { endContainers } from "./harness/control-group.ts";
import {
  allProcesses,
  commandLine,
  startHusk,
  waitFor,
  findUser,
  engine,
  husk,
  huskPath,
  namespaceOf,
  needs,
} from "./harness/index.ts";

const asRoot = needs({ root: true });

/** A container that may do what a machine may, with husk in it; its state lies in its own folders. */
const machine = (script: string): string[] => [
  ...["run", "--privileged", "-v", `${dirname(huskPath)}:/opt/husk:ro`, "host", "--", "sh", "-euc"],
  `export HUSK_ROOT=/tmp/husk-root HUSK_RUN=/tmp/husk-run PATH=/opt/husk:$PATH\n${script}`,
];

async function inMachine(script: string): Promise<string> {
  const { status, stdout, stderr } = await husk(machine(script), { timeout: 110_000 });
  const complaints = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("husk: warning: "));
  expect([status, complaints]).toEqual([0, []]);
  return stdout;
}

const INNER = "husk run --privileged -v /opt/husk:/opt/husk:ro host -- sh -c";

asRoot(
  "S45: two deep, each level has namespaces of its own and sees fewer processes",
  async () => {
    const count = "set -- /proc/[0-9]*; echo $#";
    const show = "readlink /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/uts";
    const text = await inMachine(`sleep 30 & ${show}; ${count}\n${INNER} '${show}; ${count}'\nkill $!`);
    const lines = text.trim().split("\n");
    const [outer, inner] = [lines.slice(0, 3), lines.slice(4, 7)];
    const host = ["pid", "mnt", "uts"].map((kind) => namespaceOf(process.pid, kind));
    for (const [at, link] of outer.entries()) expect(new Set([link, inner[at], host[at]]).size).toBe(3);
    expect(Number(lines[7])).toBeLessThan(Number(lines[3]));
    expect(Number(lines[3])).toBeLessThan(allProcesses().length);
  },
  120_000,
);

asRoot(
  "S45: user namespaces too, at every level",
  async () => {
    const show = "readlink /proc/self/ns/user";
    const nest = "husk unshare --user --map-root-user";
    const text = await inMachine(`${show}; ${nest} sh -c '${show}; ${nest} sh -c "${show}; id -u"'`);
    const [host, outer, inner, uid] = text.trim().split("\n");
    expect(host).toBe(namespaceOf(process.pid, "user") ?? "");
    expect(new Set([host, outer, inner]).size).toBe(3);
    expect(uid).toBe("0");
  },
  120_000,
);

needs({ root: true, testUser: true })(
  "S45: an ordinary user nests husk unshare in husk unshare",
  async () => {
    const user = findUser("husk-test");
    if (user === undefined) throw new Error("no test user");
    const show = "readlink /proc/self/ns/user /proc/self/ns/pid";
    const nested = `${show}; ${huskPath} unshare -Ur --pid --fork sh -c '${show}; id -u'`;
    const mine = engine(user);
    const words = ["unshare", "-Ur", "--pid", "--fork", "--mount-proc", "sh", "-c", nested];
    const { stdout, stderr } = await mine.husk(words, { env: { HUSK_ROOT: mine.root, HUSK_RUN: mine.run } });
    expect(stderr).toBe("");
    const links = stdout.trim().split("\n");
    expect(links.at(-1)).toBe("0");
    expect(new Set([...links, namespaceOf(process.pid, "user"), namespaceOf(process.pid, "pid")]).size).toBe(
      7,
    );
  },
  120_000,
);

asRoot(
  "S50: the chapters' commands work inside: mknod, mount, chroot, unshare, a jail, control groups",
  async () => {
    const text = await inMachine(`
    mkdir -p /jail && husk jail make /jail sh ls cat >/dev/null
    mknod /tmp/null c 1 3 && echo made a node
    mount -t tmpfs none /mnt && echo mounted
    husk chroot /jail ls / | tr '\\n' ' '; echo
    unshare --mount --uts --ipc --net --pid --fork --user --map-root-user chroot /jail sh -c 'echo unshared $$'
    husk unshare --mount --uts --ipc --net --pid --fork --user --map-root-user chroot /jail sh -c 'echo by husk $$'
    husk cgroup create sandbox
    husk cgroup set sandbox memory.max=80M pids.max=20
    husk cgroup exec sandbox cat /proc/self/cgroup | grep -c sandbox
    husk cgroup get sandbox memory.max pids.max
    husk cgroup rm sandbox`);
    expect(text).toMatch(/^made a node\nmounted\n.*bin.*\nunshared 1\nby husk 1\n\d+\n/);
    expect(text).toEndWith("memory.max: 83886080\npids.max: 20\n");
  },
  120_000,
);

needs({ root: true, controller: "memory" })(
  "S50, S68: limits of a container inside the container work without manual steps",
  async () => {
    const text = await inMachine(`${INNER} 'echo inner' ; husk run -m 20m --pids-limit 30 host -- sh -c '
    cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null; true'`);
    expect(text).toBe("inner\n20971520\n30\n");
  },
  120_000,
);

asRoot(
  "a limit of the outer container holds for the inner one",
  async () => {
    const script = machine(
      "husk run --pids-limit 1000 host -- bash -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done'",
    );
    const words = ["run", "--pids-limit", "12", ...script.slice(1)];
    const { stderr } = await husk(words, { timeout: 110_000 });
    expect(stderr).toContain("Resource temporarily unavailable");
  },
  120_000,
);

asRoot(
  "nothing of the inner containers is left when the outer one is killed",
  async () => {
    const mark = `${7_000_000 + process.pid}`;
    const sleeping = (): number =>
      allProcesses().filter(({ pid }) => commandLine(pid)[0] === "sleep" && commandLine(pid)[1] === mark)
        .length;
    const outer = startHusk(machine(`${INNER} 'sleep ${mark} & sleep ${mark}'`), { timeout: 110_000 });
    await waitFor("the inner programs", () => sleeping() === 2, 20_000);
    await endContainers(outer);
    await waitFor("their end", () => sleeping() === 0);
  },
  120_000,
);
