// podman (with conmon) drives husk-oci as it drives runc: each command's status and output is the same.
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { huskOciScript, makeRootfs, needs, shell, temporaryFolder } from "./harness/index.ts";

const needed = {
  root: true,
  command: ["busybox", "podman", "conmon", "runc", "unshare"],
  cgroup: "v1",
} as const;

/** `say ARGUMENTS…` is podman with its status; podman has no eyes for a v2 hierarchy beside those of v1. */
const prelude = `
rootfs=$2 runtime=$3
# podman puts sockets deep into its folder, and paths of sockets are short.
folder=/mnt
mount --bind "$1" $folder
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf
umount /sys/fs/cgroup/unified 2>/dev/null || true
podman() { command podman --tmpdir "$folder/tmp" --runtime "$runtime" "$@"; }
say() {
  echo "podman $*"
  status=0
  podman "$@" 2>&1 || status=$?
  echo "status $status"
}
run="--network none --rootfs $rootfs"
`;

async function podman(script: string): Promise<{ husk: string; runc: string; calls: string[] }> {
  const husk = await huskOciScript();
  const outputs: string[] = [];
  for (const runtime of ["runc", "husk"]) {
    const folder = temporaryFolder("podman");
    writeFileSync(
      join(folder, "containers.conf"),
      `[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime_supports_json = ["husk", "runc"]
[engine.runtimes]
husk = ["${husk.path}"]
`,
    );
    writeFileSync(
      join(folder, "storage.conf"),
      `[storage]\ndriver = "vfs"\ngraphroot = "/mnt/root"\nrunroot = "/mnt/run"\n`,
    );
    const wrapped = `exec unshare --mount --propagation private /bin/sh -c "$4" sh "$1" "$2" "$3"`;
    const values = [folder, makeRootfs(), runtime, `${prelude}${script}`];
    const { stdout, stderr } = await shell(wrapped, values, { timeout: 90_000 });
    outputs.push(
      `${stdout}${stderr}`
        .replaceAll(values[1] as string, "ROOTFS")
        .replaceAll(/\b[0-9a-f]{64}\b/g, "ID")
        .replaceAll(/\b[0-9a-f]{12}\b/g, "SHORT")
        .replaceAll(/\b(husk|runc)\b/g, "RUNTIME")
        .replaceAll(/time="[^"]*" /g, "")
        .replaceAll(/ — [^\n]*?(?=: OCI|\n)/g, ""),
    );
  }
  return { runc: outputs[0] as string, husk: outputs[1] as string, calls: husk.calls() };
}

describe("podman", () => {
  needs(needed)(
    "run: status, output, input, terminal, users, limits, and what cannot be run",
    async () => {
      const { husk, runc, calls } = await podman(`
say run --rm $run sh -c 'echo out; echo err >&2; exit 6'
echo typed | say run --rm -i $run cat
say run --rm -t $run sh -c 'tty; exit 2'
say run --rm --user 1000 $run sh -c 'id; echo again > /dev/stdout'
say run --rm --memory 20m --pids-limit 20 --cpus 0.5 $run cat /sys/fs/cgroup/memory/memory.limit_in_bytes
say run --rm --read-only --hostname inside -e A=1 -w /tmp $run sh -c 'hostname; echo $A; pwd; touch /x'
say run --rm --cap-drop all $run grep Cap /proc/self/status
say run --rm --privileged $run grep -E 'CapEff|Seccomp:' /proc/self/status
say run --rm -t --privileged $run sh -c 'tty; ls -l /dev/ptmx /dev/console | cut -c1-10'
say run --rm --pid host --ipc host --uts host $run true
say run --rm --uidmap 0:100000:65536 --gidmap 0:100000:65536 $run cat /proc/self/uid_map
say run --rm $run nosuch
say run --rm $run /etc/passwd
`);
      expect(husk).toEqual(runc);
      expect(husk).toContain("status 127");
      expect(calls.some((line) => line.includes("create --bundle"))).toBe(true);
    },
    120_000,
  );

  needs(needed)(
    "a container's life: exec, pause, update, stop, start again, kill, remove",
    async () => {
      const { husk, runc } = await podman(`
say run -d --name one $run sleep 100
say ps --format '{{.Names}} {{.State}}'
say exec one sh -c 'echo in; exit 4'
say exec one nosuch
say exec -u 1000 one id
say exec -t one tty
echo typed | say exec -i one cat
say pause one
say exec one true
say ps -a --format '{{.State}}'
say unpause one
say top one pid args
say update --memory 50m one
say exec one cat /sys/fs/cgroup/memory/memory.limit_in_bytes
say stop -t 0 one
say ps -a --format '{{.State}}' | cut -d' ' -f1,2
say start one
say kill one
podman wait one > /dev/null
say inspect -f '{{.State.ExitCode}} {{.State.Status}}' one
say rm one
say ps -a -q
say run -d --name two --restart on-failure:1 $run sh -c 'exit 3'
sleep 1
say inspect -f '{{.State.ExitCode}} {{.RestartCount}}' two
say rm -f -t 0 two
say run -d --name three --health-cmd 'test -e /tmp' --health-interval disable $run sleep 100
say healthcheck run three
say rm -f -t 0 three
`);
      expect(husk).toEqual(runc);
    },
    120_000,
  );
});
