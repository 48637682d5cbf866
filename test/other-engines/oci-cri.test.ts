// Kubernetes' way to a container: containerd's CRI plugin with husk-oci as a runtime handler, called as the kubelet
// calls it. Each answer is the same as with runc as the handler.
import { afterAll, describe, expect } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { CONTAINER, type CriMethod, NODE, POD, RUNTIME_DEFAULT, TARGET } from "../harness/cri.ts";
import { entries, type Message } from "../harness/protobuf.ts";
import { missing, needs, waitFor } from "../harness/index.ts";
import { type CriDaemon, startCri } from "./oci-cri.ts";

const needed = {
  root: true,
  cgroup: "v1",
  command: ["busybox", "containerd", "ctr", "runc", "unshare", "tar"],
  file: "/usr/lib/cni/bridge",
} as const;
const LONG = 120_000;

let daemon: CriDaemon | undefined;
afterAll(async () => {
  if (missing(needed).length === 0) await daemon?.stop();
});

/** What a handler answered, call by call. */
interface Session {
  /** Calls, notes the answer, and returns it; an error is an answer, too. */
  say(method: CriMethod, request?: Message): Promise<Message>;
  note(text: string): void;
  readonly pod: string;
  /** Creates and starts a container; returns its id. */
  begin(name: string, config: Message): Promise<string>;
  /** Runs a program in it and notes what came of it. */
  exec(id: string, ...cmd: string[]): Promise<void>;
  /** The same with this many seconds for it, where a minute is usual. */
  execFor(timeout: number, id: string, ...cmd: string[]): Promise<void>;
  ended(id: string): Promise<void>;
  log(name: string): string;
}

async function session(
  handler: string,
  pod: Message,
  body: (it: Session) => Promise<void>,
): Promise<string[]> {
  daemon ??= await startCri();
  const { cri, cgroupParent, image, folder } = daemon;
  const notes: string[] = [];
  const logs = `${folder}/logs-${handler}-${Math.random()}`;
  mkdirSync(logs);
  const say: Session["say"] = async (method, request) => {
    try {
      const answer = await cri.call(method, request);
      notes.push(`${method}: ${JSON.stringify(answer)}`);
      return answer;
    } catch (error) {
      notes.push(`${method} failed: ${(error as Error).message}`);
      return {};
    }
  };
  const config: Message = {
    metadata: { name: "pod", uid: "1", namespace: "tests", attempt: 0 },
    hostname: "the-pod",
    log_directory: logs,
    ...pod,
    linux: { cgroup_parent: cgroupParent, ...pod.linux },
  };
  const { pod_sandbox_id } = await cri.call("RunPodSandbox", { config, runtime_handler: handler });
  const execFor: Session["execFor"] = async (timeout, id, ...cmd) => {
    try {
      const {
        stdout = "",
        stderr = "",
        exit_code = 0,
      } = await cri.call("ExecSync", {
        container_id: id,
        cmd,
        timeout,
      });
      notes.push(`exec ${cmd.join(" ")}: ${exit_code} ${stdout}${stderr}`);
    } catch (error) {
      notes.push(`exec ${cmd.join(" ")} failed: ${(error as Error).message}`);
    }
  };
  const exec: Session["exec"] = (id, ...cmd) => execFor(60, id, ...cmd);
  const begin: Session["begin"] = async (name, change) => {
    const { container_id = "" } = await say("CreateContainer", {
      pod_sandbox_id,
      config: { metadata: { name, attempt: 0 }, image: { image }, log_path: `${name}.log`, ...change },
      sandbox_config: config,
    });
    if (container_id !== "") await say("StartContainer", { container_id });
    return container_id;
  };
  const ended = async (container_id: string): Promise<void> =>
    void (await waitFor(
      "the container's end",
      async () => (await cri.call("ContainerStatus", { container_id })).status.state === 2,
    ));
  const log = (name: string): string => readFileSync(`${logs}/${name}.log`, "utf8").replaceAll(/^\S+ /gm, "");
  try {
    await body({
      say,
      note: (text) => notes.push(text),
      pod: pod_sandbox_id,
      begin,
      exec,
      execFor,
      ended,
      log,
    });
  } finally {
    await cri.call("StopPodSandbox", { pod_sandbox_id });
    await cri.call("RemovePodSandbox", { pod_sandbox_id });
  }
  await say("ListContainers");
  await say("ListPodSandbox");
  return notes.map((line) =>
    line
      .replaceAll(/\b[0-9a-f]{64}\b/g, "ID")
      .replaceAll(folder, "FOLDER")
      .replaceAll(/\b(husk|runc)\b/g, "RUNTIME")
      .replaceAll(/("(?:timestamp|value)":)\d+/g, "$1N")
      .replaceAll(/10\.123\.0\.\d+/g, "ADDRESS")
      .replaceAll(/ — [^\n]*?(?=: unknown)/g, ""),
  );
}

async function same(pod: Message, body: (it: Session) => Promise<void>): Promise<string> {
  const runc = await session("runc", pod, body);
  const husk = await session("husk", pod, body);
  expect(husk).toEqual(runc);
  return husk.join("\n");
}

describe("containerd's CRI plugin", () => {
  needs(needed)(
    "a pod's life: sandbox, container, exec, update, statistics, logs, stop, remove",
    async () => {
      const text = await same({}, async ({ say, note, pod, begin, exec, ended, log }) => {
        await say("PodSandboxStatus", { pod_sandbox_id: pod });
        const id = await begin("one", {
          args: ["sh", "-c", "trap 'echo ended; exit 9' TERM; echo begun; while :; do sleep 0.1; done"],
          envs: [{ key: "A", value: "1" }],
          linux: { resources: { memory_limit_in_bytes: 33_554_432, cpu_quota: 50_000, cpu_period: 100_000 } },
        });
        await say("ContainerStatus", { container_id: id });
        await exec(id, "sh", "-c", "hostname; echo $A; id; exit 4");
        await exec(id, "sh", "-c", "echo err >&2");
        await exec(id, "nosuch");
        await exec(id, "/etc/passwd");
        await exec(
          id,
          "sh",
          "-c",
          "ip addr show eth0 | grep 'inet '; [ $(ls /proc | grep -c '^[0-9]') -lt 10 ] && echo few",
        );
        const limits =
          "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares";
        await exec(id, "sh", "-c", limits);
        await say("UpdateContainerResources", {
          container_id: id,
          linux: { memory_limit_in_bytes: 41_943_040, cpu_quota: 70_000, cpu_shares: 512 },
        });
        await exec(id, "sh", "-c", limits);
        const stats = await say("ContainerStats", { container_id: id });
        note(
          `it uses processor time and memory: ${
            stats.stats?.cpu?.usage_core_nano_seconds?.value > 0 &&
            stats.stats?.memory?.working_set_bytes?.value > 0
          }`,
        );
        await say("PodSandboxStats", { pod_sandbox_id: pod });
        await say("StopContainer", { container_id: id, timeout: 5 });
        await ended(id);
        await say("ContainerStatus", { container_id: id });
        await exec(id, "true");
        note(log("one"));
        await say("RemoveContainer", { container_id: id });
        await say("ContainerStatus", { container_id: id });
      });
      expect(text).toContain('"exit_code":9');
      expect(text).toContain("memory: true");
      expect(text).toContain("41943040\n70000\n512");
      expect(daemon?.huskCalls().some((line) => line.includes(" create --bundle"))).toBe(true);
    },
    LONG,
  );

  needs(needed)(
    "ends: a status, a signal, out of memory, nothing to execute, a deadline",
    async () => {
      const text = await same({}, async ({ say, begin, execFor, ended }) => {
        for (const [name, args, memory] of [
          ["status", ["sh", "-c", "exit 7"], 0],
          ["signal", ["sh", "-c", "kill -9 $$"], 0],
          ["hungry", ["sh", "-c", "sleep 1; tail -c 50m /dev/zero; sleep 1; exit 8"], 10_000_000],
        ] as const) {
          const resources = memory === 0 ? {} : { memory_limit_in_bytes: memory };
          const id = await begin(name, { args, linux: { resources } });
          await ended(id);
          await say("ContainerStatus", { container_id: id });
        }
        const absent = await begin("absent", { args: ["nosuch"] });
        await say("ContainerStatus", { container_id: absent });
        await begin("no-program", { args: ["/etc/passwd"] });
        const id = await begin("stubborn", {
          args: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"],
        });
        await execFor(2, id, "sleep", "100");
        await say("StopContainer", { container_id: id, timeout: 1 });
        await say("ContainerStatus", { container_id: id });
      });
      expect(text).toContain('"exit_code":7');
      expect(text).toContain("OOMKilled");
    },
    LONG,
  );

  needs(needed)(
    "rights: users, capabilities, seccomp, read-only, masks, mounts, sysctls, terminals",
    async () => {
      const linux = { sysctls: entries({ "kernel.msgmax": "999" }) };
      await same({ linux }, async ({ begin, exec, ended, note, log }) => {
        const id = await begin("one", {
          args: ["sleep", "100"],
          mounts: [{ container_path: "/data", host_path: `${daemon?.folder}/cni`, readonly: true }],
          linux: {
            security_context: {
              capabilities: { drop_capabilities: ["ALL"], add_capabilities: ["CHOWN"] },
              run_as_user: { value: 1000 },
              run_as_group: { value: 2000 },
              supplemental_groups: [7, 8],
              readonly_rootfs: true,
              no_new_privs: true,
              masked_paths: ["/proc/kcore", "/etc/group"],
              readonly_paths: ["/proc/sys"],
              seccomp: { profile_type: RUNTIME_DEFAULT },
            },
          },
        });
        await exec(
          id,
          "sh",
          "-c",
          "id; grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status; touch /x /data/x 2>&1",
        );
        await exec(
          id,
          "sh",
          "-c",
          "ls /data; cat /etc/group; cat /proc/sys/kernel/msgmax; unshare -r true 2>&1",
        );
        await exec(id, "sh", "-c", "mount | grep -v unified | cut -d' ' -f3,5 | sort");
        const term = await begin("term", { tty: true, args: ["sh", "-c", "tty; exit 3"] });
        await ended(term);
        note(log("term"));
      });
    },
    LONG,
  );

  needs(needed)(
    "namespaces: the pod's, the node's, another container's",
    async () => {
      await same({}, async ({ begin, exec }) => {
        const shared = { security_context: { namespace_options: { network: POD, pid: POD, ipc: POD } } };
        const one = await begin("one", { args: ["sleep", "111"], linux: shared });
        await exec(one, "sh", "-c", "ps -o args | grep sleep | grep -v grep; ps -o comm | head -n 2");
        const own = { security_context: { namespace_options: { pid: CONTAINER } } };
        const two = await begin("two", { args: ["sleep", "222"], linux: own });
        await exec(two, "sh", "-c", "ps -o args | grep sleep | grep -v grep");
        const target = { security_context: { namespace_options: { pid: TARGET, target_id: two } } };
        const three = await begin("three", { args: ["sleep", "333"], linux: target });
        await exec(three, "sh", "-c", "ps -o args | grep sleep | grep -v grep | sort");
      });
      const node = { network: NODE, pid: NODE, ipc: NODE };
      const linux = { security_context: { namespace_options: node } };
      await same({ hostname: "", linux }, async ({ begin, exec }) => {
        const one = await begin("one", { args: ["sleep", "111"], linux });
        await exec(one, "sh", "-c", "ps -o comm | grep -q containerd && echo node; ls /sys/class/net");
      });
    },
    LONG,
  );

  needs(needed)(
    "twenty execs at once all answer",
    async () => {
      // From about thirty on containerd's shim stalls for seconds, with any runtime: it holds 32 exits.
      await session("husk", {}, async ({ begin }) => {
        const id = await begin("one", { args: ["sleep", "100"] });
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            daemon?.cri.call("ExecSync", { container_id: id, cmd: ["echo", `${i}`], timeout: 30 }),
          ),
        );
        expect(answers.map(({ stdout }) => `${stdout}`)).toEqual(
          Array.from({ length: 20 }, (_, i) => `${i}\n`),
        );
      });
    },
    LONG,
  );
});
