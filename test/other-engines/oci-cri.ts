// A containerd of its own with the CRI plugin, in namespaces of its own, with runc and husk-oci as runtime handlers.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archive, type EntryChanges } from "../image-archive.ts";
import { criClient, type Cri } from "../harness/cri.ts";
import {
  findCommand,
  huskOciScript,
  makeRootfs,
  run,
  start,
  temporaryFolder,
  waitFor,
} from "../harness/index.ts";

export interface CriDaemon {
  readonly cri: Cri;
  /** Holds the pods' groups in every hierarchy. */
  readonly cgroupParent: string;
  /** The image with busybox; the pause image is made of it, too. */
  readonly image: string;
  readonly folder: string;
  huskCalls(): string[];
  stop(): Promise<void>;
}

const IMAGE = "docker.io/library/box:test";
/** Where Debian's containernetworking-plugins are. */
const CNI = "/usr/lib/cni";

/** Starts it. Everything it leaves is gone with its pid and mount namespace, but for the groups, which stop removes. */
export async function startCri(): Promise<CriDaemon> {
  const folder = temporaryFolder("cri");
  const socket = join(folder, "c.sock");
  const husk = await huskOciScript();
  mkdirSync(join(folder, "cni"));
  writeFileSync(join(folder, "config.toml"), configuration(folder, socket, husk.path));
  writeFileSync(join(folder, "cni/10-pods.conflist"), JSON.stringify(network(folder)));
  writeFileSync(join(folder, "box.tar"), await dockerArchive());
  const script = `
ip link set lo up
# Sockets of shims and the pods' network namespaces stay here.
mount -t tmpfs tmpfs /run
exec containerd -c "$1"`;
  const unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = ["/bin/sh", "-euc", script, "sh", join(folder, "config.toml")];
  const daemon = start([...unshare, "--propagation", "private", ...argv], { timeout: 300_000 });
  const ended = daemon.result.then(({ stderr }) => {
    throw new Error(`containerd ended: ${stderr}`);
  });
  ended.catch(() => {});
  await Promise.race([waitFor("containerd", () => existsSync(socket), 60_000), ended]);
  const load = ["ctr", "-a", socket, "-n", "k8s.io", "images", "import", "--snapshotter", "native"];
  const { status, stderr } = await run([...load, join(folder, "box.tar")], { timeout: 60_000 });
  if (status !== 0) throw new Error(`ctr images import: ${stderr}`);
  const cgroupParent = `/husk-test-cri-${process.pid}-${daemon.pid}`;
  const cri = criClient(socket);
  return {
    cri,
    cgroupParent,
    image: IMAGE,
    folder,
    huskCalls: husk.calls,
    async stop() {
      cri.close();
      daemon.kill("SIGKILL");
      await daemon.result.catch(() => {});
      await waitFor("the groups' end", () => removeGroups(cgroupParent));
    },
  };
}

/** The runtime handlers as docs/oci-runtime.md gives them. */
function configuration(folder: string, socket: string, husk: string): string {
  const plugin = `plugins."io.containerd.grpc.v1.cri"`;
  const runtime = (name: string, binary: string): string => `
  [${plugin}.containerd.runtimes.${name}]
    runtime_type = "io.containerd.runc.v2"
    [${plugin}.containerd.runtimes.${name}.options]
      BinaryName = "${binary}"
`;
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${folder}/t.sock"
[${plugin}]
  sandbox_image = "${IMAGE}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  # Without CAP_SYS_RESOURCE no process can be made less killable than containerd itself.
  restrict_oom_score_adj = true
  [${plugin}.cni]
    bin_dir = "${CNI}"
    conf_dir = "${folder}/cni"
  [${plugin}.containerd]
    snapshotter = "native"
${runtime("runc", findCommand("runc") as string)}${runtime("husk", husk)}`;
}

function network(folder: string): object {
  const ipam = {
    type: "host-local",
    dataDir: `${folder}/addresses`,
    ranges: [[{ subnet: "10.123.0.0/24" }]],
  };
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [{ type: "bridge", bridge: "pods0", isGateway: true, ipam }],
  };
}

/** An image in the form of `docker save`, of busybox; without arguments it sleeps, as pause does. */
async function dockerArchive(): Promise<Uint8Array> {
  const rootfs = makeRootfs();
  const layer = join(temporaryFolder("layer"), "layer.tar");
  const packed = await run(["tar", "-C", rootfs, "-cf", layer, "."]);
  if (packed.status !== 0) throw new Error(packed.stderr);
  const bytes = new Uint8Array(await Bun.file(layer).arrayBuffer());
  const config = JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Cmd: ["/bin/sleep", "1000000"], Env: ["PATH=/bin"], WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(bytes).digest("hex")}`] },
  });
  const manifest = JSON.stringify([{ Config: "config.json", RepoTags: [IMAGE], Layers: ["layer.tar"] }]);
  const entries: EntryChanges[] = [
    { name: "layer.tar", content: bytes },
    { name: "config.json", content: config },
    { name: "manifest.json", content: manifest },
  ];
  return archive(...entries);
}

function removeGroups(parent: string): boolean {
  let left = false;
  for (const hierarchy of new Bun.Glob("*").scanSync({ cwd: "/sys/fs/cgroup", onlyFiles: false })) {
    const folder = `/sys/fs/cgroup/${hierarchy}${parent}`;
    if (!existsSync(folder)) continue;
    try {
      for (const child of new Bun.Glob("*").scanSync({ cwd: folder, onlyFiles: false }))
        if (existsSync(`${folder}/${child}/cgroup.procs`)) rmdirSync(`${folder}/${child}`);
      rmdirSync(folder);
    } catch {
      left = true;
    }
  }
  return !left;
}
