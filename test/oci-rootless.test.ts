// husk-oci for ordinary users, beside runc: with their own id only, with a range of subordinate ids, and under podman.
import { describe, expect } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Bundle,
  compareRuntimes,
  type Config,
  huskOciScript,
  huskRuntime,
  makeBundle,
  makeRootfs,
  needs,
  run,
  shell,
  temporaryFolder,
} from "./harness/index.ts";
import { podmanSettings } from "./harness/podman.ts";

const needed = { ordinaryUser: true, command: ["busybox", "runc"] } as const;

/** What `spec --rootless` writes, running `command`. */
async function rootlessBundle(
  command: readonly string[],
  change: (config: Config) => void = () => {},
): Promise<Bundle> {
  const { path, rootfs } = makeBundle(command);
  rmSync(`${path}/config.json`);
  await huskRuntime().must(["spec", "--rootless", "--bundle", path]);
  const config: Config = await Bun.file(`${path}/config.json`).json();
  config.process.terminal = false;
  config.process.args = [...command];
  config.root.readonly = false;
  // state shows it.
  config.ociVersion = "1.0.2-dev";
  change(config);
  writeFileSync(`${path}/config.json`, JSON.stringify(config));
  return { path, rootfs, config };
}

const life: readonly (readonly string[])[] = [
  ...[["state", "one"], ["create", "one"], ["state", "one"], ["create", "one"], ["list"], ["start", "one"]],
  ...[
    ["state", "one"],
    ["start", "one"],
    ["list", "-q"],
    ["delete", "one"],
  ],
  ["exec", "one", "sh", "-c", "id -u; cat /proc/self/uid_map /proc/self/setgroups; exit 6"],
  ["exec", "--env", "A=1", "--cwd", "/tmp", "one", "sh", "-c", "echo $A; pwd"],
  ["exec", "one", "nosuch"],
  ...[["kill", "one", "0"], ["kill", "one", "KILL"], ["*"], ["state", "one"], ["kill", "one", "KILL"]],
  ...[
    ["exec", "one", "true"],
    ["delete", "one"],
    ["list"],
    ["run", "-d", "one"],
    ["delete", "--force", "one"],
  ],
  ["delete", "--force", "one"],
];

describe("an ordinary user", () => {
  needs(needed)("with its own id only: the whole life of a container", async () => {
    await compareRuntimes(await rootlessBundle(["sleep", "100"]), life);
  });

  needs({ ...needed, idRange: true, command: ["busybox", "runc", "newuidmap"] })(
    "with a range of ids: users, groups, and the whole life",
    async () => {
      const ranges = await subordinateIds();
      const change = (config: Config): void => {
        config.linux.uidMappings = [{ containerID: 0, hostID: process.getuid!(), size: 1 }, ranges.uid];
        config.linux.gidMappings = [{ containerID: 0, hostID: process.getgid!(), size: 1 }, ranges.gid];
      };
      await compareRuntimes(await rootlessBundle(["sleep", "100"], change), [
        ...life,
        ["create", "one"],
        ["exec", "--user", "5:6", "one", "sh", "-c", "id -u; id -g"],
        [
          "exec",
          "--user",
          "0",
          "--cap",
          "CAP_CHOWN",
          "one",
          "sh",
          "-c",
          "id -u; grep CapEff /proc/self/status",
        ],
      ]);
    },
  );

  needs({ ...needed, idRange: true, command: ["busybox", "runc", "podman", "conmon", "newuidmap"] })(
    "podman",
    async () => {
      const { path: husk, calls } = await huskOciScript();
      const outputs: string[] = [];
      for (const runtime of ["runc", "husk"]) {
        const folder = temporaryFolder("rp", 0o700);
        writeFileSync(join(folder, "containers.conf"), podmanSettings(husk));
        writeFileSync(join(folder, "storage.conf"), `[storage]\ndriver = "vfs"\n`);
        const rootfs = makeRootfs();
        const { stdout } = await shell(PODMAN, [folder, rootfs, runtime], { timeout: 90_000 });
        outputs.push(
          stdout
            .replaceAll(rootfs, "ROOTFS")
            .replaceAll(/\b[0-9a-f]{64}\b/g, "ID")
            .replaceAll(/\b(husk|runc)\b/g, "RUNTIME")
            .replaceAll(/ — [^\n]*?(?=: OCI|\n)/g, ""),
        );
      }
      expect(outputs[1]).toEqual(outputs[0] as string);
      expect(outputs[1]).toContain("status 4");
      expect(calls().some((line) => line.includes("create --bundle"))).toBe(true);
    },
    120_000,
  );
});

async function subordinateIds(): Promise<
  Record<"uid" | "gid", { containerID: 1; hostID: number; size: number }>
> {
  const name = (await run(["id", "-un"])).stdout.trim();
  const range = async (kind: "uid" | "gid") => {
    const line = (await Bun.file(`/etc/sub${kind}`).text())
      .split("\n")
      .find((entry) => entry.startsWith(`${name}:`));
    const [, hostID = 0, size = 0] = (line ?? "").split(":").map(Number);
    return { containerID: 1, hostID, size } as const;
  };
  return { uid: await range("uid"), gid: await range("gid") };
}

/** The process that holds podman's user namespace goes in the end. */
const PODMAN = `
folder=$1 rootfs=$2 runtime=$3
# podman puts sockets deep into its folders, and paths of sockets are short.
export HOME=$folder/home XDG_RUNTIME_DIR=$(mktemp -d /tmp/p.XXXXXX)
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf
mkdir $HOME
cd $HOME
podman() { command podman --log-level error --tmpdir "$folder/tmp" --runtime "$runtime" "$@"; }
trap 'kill $(cat $folder/tmp/pause.pid); rm -rf $XDG_RUNTIME_DIR' EXIT
say() {
  echo "podman $*"
  status=0
  podman "$@" 2>&1 || status=$?
  echo "status $status"
}
run="--network none --rootfs $rootfs"
say run --rm $run sh -c 'id; cat /proc/self/uid_map; exit 4'
say run --rm --user 1000:1000 $run sh -c 'id; echo again > /dev/stdout; ls /dev'
say run --rm --userns keep-id $run sh -c 'cat /proc/self/uid_map | wc -l; id -u | grep -c 0'
say run --rm --read-only --tmpfs /tmp --hostname inside -e A=1 $run sh -c 'hostname; echo $A; touch /tmp/x; touch /x 2>&1'
say run --rm --cap-drop chown $run grep -E 'Cap|Seccomp:' /proc/self/status
say run --rm --privileged $run sh -c 'mount -t tmpfs x /tmp && echo mounted'
echo typed | say run --rm -i $run cat
say run --rm $run nosuch
say run -d --name one $run sleep 100
say exec one sh -c 'id; exit 7'
say exec --user 5 one id
say top one pid args
say ps --format '{{.Names}}'
say stop -t 0 one
say start one
say kill one
podman wait one > /dev/null
say inspect -f '{{.State.ExitCode}} {{.State.Status}}' one
say rm one
say ps -a -q
`;
