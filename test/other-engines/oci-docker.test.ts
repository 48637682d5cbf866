// dockerd drives husk-oci as it drives runc (--add-runtime): each command's status and output is the same.
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { needs } from "../harness/index.ts";
import { docker } from "./oci-docker.ts";

const needed = {
  root: true,
  command: ["busybox", "dockerd", "docker", "docker-init", "containerd", "runc", "unshare", "script", "tar"],
  cgroup: "v1",
} as const;
const LONG = 300_000;

describe("docker", () => {
  needs(needed)(
    "run: status, output, input, users, rights, and what cannot be run",
    async () => {
      const { husk, runc, calls } = await docker(`
say run --rm $run box sh -c 'echo out; sleep 0.1; echo err >&2; exit 6'
echo typed | say run --rm -i $run box cat
say run --rm --user 1000:2000 --group-add 7 $run box sh -c 'id; echo again > /dev/stdout'
say run --rm --read-only --tmpfs /tmp:size=64k --hostname inside -e A=1 -w /new $run box sh -c 'hostname; echo $A; pwd; touch /x 2>&1; df -k /tmp | tail -n 1'
say run --rm -v $folder/client:/in:ro -v vol:/out $run box sh -c 'touch /in/x 2>&1; touch /out/x && ls /out'
say run --rm --cap-drop all --cap-add chown $run box grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status
say run --rm --security-opt no-new-privileges --security-opt seccomp=unconfined $run box grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
say run --rm --pid host --ipc host --uts host $run box true
say run --rm --cgroupns private $run box cat /proc/self/cgroup
say run --rm --device /dev/fuse --device-cgroup-rule 'c 10:* r' --ulimit nofile=99:99 --shm-size 128k --sysctl kernel.msgmax=999 $run box sh -c 'ls /dev; ulimit -n; df -k /dev/shm | tail -n 1; cat /proc/sys/kernel/msgmax'
say run --rm $run box nosuch
say run --rm $run box /etc/passwd
say run --rm -w /etc/passwd $run box true
say run --rm --user nobody-here $run box true
say run --rm $run box sh -c 'kill -9 $$'
say run --rm $run box sh -c 'mount | grep -v /unified | cut -d" " -f3,5 | sort; ls -l /proc/self/ns | wc -l; ls /proc/self/fd | wc -l'
`);
      expect(husk).toEqual(runc);
      expect(calls.some((line) => line.includes("create --bundle"))).toBe(true);
    },
    LONG,
  );

  needs(needed)(
    "a container's life: exec, pause, update, stats, top, kill, stop, start, restart, logs",
    async () => {
      const { husk, runc } = await docker(`
say run -d --name one --stop-timeout 1 --memory 30m --pids-limit 50 --cpus 0.5 --cpu-shares 300 $run box sh -c 'trap "echo ended; exit 9" TERM; echo begun; while :; do sleep 0.1; done'
until_state one '{{.State.Status}}' running
until_does has_begun one 1
say ps --format '{{.Names}} {{.State}}'
say exec one sh -c 'echo in; exit 4'
say exec one nosuch
say exec one /etc/passwd
say exec -u 1000 -w /tmp -e B=2 one sh -c 'id; pwd; echo $B'
echo typed | say exec -i one cat
say exec -d one touch /tmp/made
until_does docker exec one test -e /tmp/made
say exec one ls /tmp
say exec one sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.shares'
say pause one
say exec one true
say inspect -f '{{.State.Status}} {{.State.Paused}}' one
say unpause one
say unpause one
say update --memory 50m --memory-swap 60m --cpus 1 --pids-limit 60 one
say exec one sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us'
say top one -eo pid,args | grep -v 'sleep 0.1' | sed 's/^[0-9]* */PID /'
say stats --no-stream --format '{{.Name}} {{.MemUsage}}' one | sed 's/one .* \\//one N/'
say kill -s 0 one
say kill -s USR3 one
say stop one
say inspect -f '{{.State.ExitCode}} {{.State.Status}} {{.State.OOMKilled}} {{.State.Pid}}' one
say exec one true
say pause one
say start one
until_does has_begun one 2
say restart -t 1 one
until_does has_begun one 3
say kill one
say wait one
say logs one
say rm one
say run -d --name two --restart on-failure:2 $run box sh -c 'echo again; exit 3'
until_state two '{{.State.Status}} {{.RestartCount}}' 'exited 2'
say inspect -f '{{.State.ExitCode}} {{.RestartCount}}' two
say logs two
say rm -f two
say ps -a -q
`);
      expect(husk).toEqual(runc);
      expect(husk).toContain("ended\n");
    },
    LONG,
  );

  needs(needed)(
    "health checks, --init, out of memory, terminals",
    async () => {
      const { husk, runc } = await docker(`
say run -d --name ill --health-cmd 'echo checked; test -e /tmp/well' --health-interval 300ms --health-retries 2 $run box sleep 100
until_state ill '{{.State.Health.Status}}' unhealthy
say inspect -f '{{.State.Health.Status}} {{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}' ill
docker exec ill touch /tmp/well
until_state ill '{{.State.Health.Status}}' healthy
say inspect -f '{{.State.Health.Status}}' ill
say rm -f ill
say run --rm --init $run box sh -c 'cat /proc/1/comm; readlink /proc/1/exe; exit 5'
say run -d --init --name reaper $run box sh -c '(sleep 0.1 &) ; sleep 100'
until_does docker exec reaper sh -c '[ $(ps -o comm | grep -c sleep) = 1 ]'
say exec reaper sh -c 'ps -o ppid,stat,comm | grep sleep'
say stop -t 2 reaper
say inspect -f '{{.State.ExitCode}}' reaper
say rm -f reaper
say run --name hungry --memory 10m --memory-swap 10m $run box sh -c 'tail -c 50m /dev/zero; sleep 1; exit 8'
say inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Status}}' hungry
say rm hungry
at_terminal run --rm -t $run box sh -c "'tty; stty size; ls -l /dev/console | cut -c1-10; exit 2'"
say run -d --name term -t $run box sh -c 'tty; sleep 100'
at_terminal exec -t term sh -c "'tty; exit 4'"
at_terminal exec -it term sh -c "'tty | cut -c1-9; test -t 0'"
say logs term
say rm -f term
say run -d --name late -t $run box sleep 100
say kill -s KILL late
say wait late
say rm late
`);
      expect(husk).toEqual(runc);
      expect(husk).toContain("unhealthy 1 checked");
      expect(husk).toContain("true 8 exited");
    },
    LONG,
  );

  needs(needed)(
    "--privileged is what this machine has",
    async () => {
      const { husk } = await docker(`
say run -d --name one --privileged $run box sleep 100
say exec one sh -c 'grep -E "CapEff|Seccomp:" /proc/self/status; mount -t tmpfs x /tmp; echo $?'
say exec --privileged one grep CapEff /proc/self/status
say rm -f one
`);
      const own = /^CapBnd:\t(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
      // Those that this dockerd knows: up to AUDIT_READ.
      const all = (BigInt(`0x${own}`) & 0x3fffffffffn).toString(16).padStart(16, "0");
      expect(husk).toContain(`CapEff:\t${all}\nSeccomp:\t0\n0\n`);
      expect(husk.match(/CapEff:\t(.*)/g)).toEqual([`CapEff:\t${all}`, `CapEff:\t${all}`]);
    },
    LONG,
  );

  needs({ ...needed, testUser: true })(
    "--userns-remap",
    async () => {
      const { husk, runc } = await docker(
        `
say run --rm $run box sh -c 'id; cat /proc/self/uid_map /proc/self/gid_map; cat /proc/self/setgroups; touch /tmp/x; stat -c "%u %g" /tmp/x; mknod /tmp/y c 1 3 2>&1'
say run --rm --user 1000 --read-only --tmpfs /tmp $run box sh -c 'id; touch /tmp/x; touch /x 2>&1'
say run --rm --userns host $run box cat /proc/self/uid_map
say run -d --name one --memory 30m $run box sleep 100
say exec one sh -c 'id; cat /proc/self/uid_map; exit 7'
at_terminal exec -t one sh -c "'tty; stat -c %u /proc/self/fd/0 /dev/console'"
say pause one
say unpause one
say top one -eo pid,uid,args | sed 's/^[0-9]* */PID /'
say kill one
say rm -f one
`,
        { daemon: "--userns-remap husk-test" },
      );
      expect(husk).toEqual(runc);
    },
    LONG,
  );
});
