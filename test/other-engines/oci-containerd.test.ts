// containerd drives husk-oci as it drives runc: `ctr run --runc-binary`, tasks, execs; output and status are the same.
import { describe, expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerdSettings } from "../harness/containerd.ts";
import {
  findCommand,
  huskOciScript,
  makeRootfs,
  needs,
  shell,
  start,
  temporaryFolder,
  waitFor,
} from "../harness/index.ts";

const needed = { root: true, command: ["busybox", "containerd", "ctr", "runc", "script"] } as const;

/** Starts a containerd of its own, gives `script` to a shell for each runtime, and returns what it printed. */
async function containerd(script: string): Promise<{ husk: string; runc: string }> {
  const folder = temporaryFolder("cd");
  const address = join(folder, "c.sock");
  const config = join(folder, "config.toml");
  writeFileSync(config, containerdSettings(folder));
  const daemon = start(["containerd", "-c", config], { timeout: 120_000 });
  try {
    await waitFor("containerd", () => existsSync(address), 60_000);
    const { path } = await huskOciScript();
    const outputs: string[] = [];
    for (const runtime of [findCommand("runc") as string, path]) {
      const prelude = `
rootfs=$2 binary=$3 folder=$4
ctr() { timeout 30 ctr -a "$address" "$@"; }
export address=$1
say() {
  echo "ctr $*"
  status=0
  ctr "$@" 2>&1 || status=$?
  echo "status $status"
}
gone() { while ctr task ls | grep -q "^$1 .*RUNNING"; do sleep 0.05; done; }
run="--runc-binary $binary --rootfs $rootfs"
`;
      const values = [address, makeRootfs(), runtime, folder];
      const { stdout, stderr } = await shell(`${prelude}${script}`, values, { timeout: 90_000 });
      outputs.push(
        `${stdout}${stderr}`
          .replaceAll(values[1] as string, "ROOTFS")
          .replaceAll(runtime, "BINARY")
          // What script(1) shows of the end of its input.
          .replaceAll(/\^@|\0/g, "")
          .replaceAll(/\b(husk|runc) (create|run) failed/g, "$2 failed")
          .replaceAll(/time="[^"]*" /g, "")
          // ctr says it when the program was quicker than its wish for another size.
          .replaceAll(/^.*resize pty.*\r?\n/gm, "")
          .replaceAll(/^(one +)\d+/gm, "$1PID")
          // As wide as the process id is long.
          .replaceAll(/^(TASK +PID) +/gm, "$1 ")
          .replaceAll(/ — [^\n]*?(?=: unknown)/g, ""),
      );
    }
    return { runc: outputs[0] as string, husk: outputs[1] as string };
  } finally {
    daemon.kill("SIGTERM");
    await daemon.result;
  }
}

describe("containerd", () => {
  needs(needed)(
    "run: status, output, terminal, limits, and what cannot be run",
    async () => {
      const { husk, runc } = await containerd(`
say run --rm $run one /bin/sh -c 'echo out; id; exit 7'
say run --rm --memory-limit 8000000 $run one /bin/sh -c 'cat /proc/self/cgroup | grep memory'
say run --rm --user 1000:2000 --cwd /tmp --env A=1 $run one /bin/sh -c 'id; pwd; echo $A'
say run --rm $run one /nosuch
say run --rm $run one /etc/passwd
say run --rm --privileged $run one /bin/sh -c 'grep CapEff /proc/self/status'
script -qec "ctr -a $address run --rm -t $run one /bin/sh -c 'tty; exit 3'" /dev/null || echo "status $?"
`);
      expect(husk).toEqual(runc);
    },
    120_000,
  );

  needs(needed)(
    "a task's life: exec, pause, resume, kill, delete",
    async () => {
      const { husk, runc } = await containerd(`
say run -d $run one /bin/sleep 100
say task ls
say task exec --exec-id e1 one /bin/sh -c 'echo in; exit 5'
say task exec --exec-id e2 one /nosuch
say task exec --exec-id e3 --user 1000 one /bin/sh -c 'id; cat /proc/self/cgroup | grep pids'
say task pause one
say task ls
say task exec --exec-id e4 one /bin/true
say task resume one
say task kill -s 0 one
say task kill -s 9 one
gone one
say task ls
say task kill one
say task delete one
say container delete one
say task ls
say container ls
`);
      expect(husk).toEqual(runc);
    },
    120_000,
  );

  needs(needed)(
    "limits that change, statistics, terminals, signals, user namespaces, processes, no pivot_root",
    async () => {
      const { husk, runc } = await containerd(`
say run -d --memory-limit 31457280 --cpu-quota 50000 --cpu-period 100000 $run one /bin/sh -c 'trap "exit 9" TERM; sleep 1000 & wait'
say task exec --exec-id e1 one /bin/sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
say task metrics one | grep -E '^(ID|status)' | cut -d' ' -f1
say task metrics --format json one | grep -o '"limit_in_bytes\\|"usage":{"limit":[0-9]*' | head -n 1
say task ps one | tail -n +2 | wc -l
script -qec "ctr -a $address task exec -t --exec-id e2 one /bin/sh -c 'tty; test -t 0; exit 3'" /dev/null < /dev/null || echo "status $?"
say task exec -d --exec-id e3 --fifo-dir $folder one /bin/touch /tmp/made
made=0
until ctr task exec --exec-id made$made one /bin/test -e /tmp/made || [ $made -gt 100 ]; do made=$((made + 1)); done
say task exec --exec-id e4 --cwd /tmp one /bin/ls
say task kill -s USR3 one
say task kill -s TERM one
gone one
say task delete one
say container delete one
say run --rm --uidmap 0:100000:65536 --gidmap 0:100000:65536 $run two /bin/sh -c 'id; cat /proc/self/uid_map'
say run --rm --no-pivot $run three /bin/sh -c 'ls /; exit 2'
say run --rm --cap-drop CAP_CHOWN --cap-add CAP_SYS_ADMIN $run four /bin/grep Cap /proc/self/status
say run --rm --seccomp $run five /bin/grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
say run --rm --read-only --mount type=bind,src=/etc,dst=/mnt,options=rbind:ro $run six /bin/sh -c 'touch /x 2>&1; ls /mnt/hostname'
ctr run --rm --with-ns pid:/proc/$$/ns/pid --net-host $run seven /bin/sh -c "echo joined; exit 6" || echo "status $?"
say run --rm --env A=1 --rootfs-propagation rshared $run eight /bin/sh -c 'grep " / / " /proc/self/mountinfo | wc -l; echo $A'
say task ls
`);
      expect(husk).toEqual(runc);
    },
    120_000,
  );
});
