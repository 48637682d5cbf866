// Network interfaces of the host's that a container gets. The test run has a network namespace of its own; each test
// makes another one around what it does, so that no name is ever taken.
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import {
  type Bundle,
  type Config,
  huskOciPath,
  makeBundle,
  needs,
  type Result,
  shell,
  temporaryFolder,
} from "./harness/index.ts";

const needed = { root: true, command: ["busybox", "ip", "unshare"] } as const;

/** Runs husk in a new network namespace with a pair of interfaces, `$RUN` being `husk-oci run` of the bundle. */
function inNewNetwork(bundle: Bundle, script: string): Promise<Result> {
  const file = `${bundle.path}/script`;
  writeFileSync(
    file,
    `set -e
RUN='${huskOciPath} --root ${temporaryFolder("states", 0o700)}/husk run --bundle ${bundle.path} one'
ip link add left type veth peer name right
${script}`,
  );
  const env = { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) };
  return shell('unshare --net sh "$1"', [file], { env });
}

const giving =
  (devices: object, more: (config: Config) => void = () => {}) =>
  (config: Config): void => {
    config.linux.netDevices = devices;
    more(config);
  };

const show = "ip -o address show | grep -v ' lo ' | grep -v fe80 | sed 's/ \\\\.*//'; ip -o link show";

describe("network devices", () => {
  needs(needed)("move into the container with name, addresses and MTU, and are up", async () => {
    const bundle = makeBundle(["sh", "-c", show], giving({ left: { name: "lan0" }, right: {} }));
    const { status, stdout, stderr } = await inNewNetwork(
      bundle,
      `ip address add 192.0.2.7/24 broadcast 192.0.2.255 dev left
ip address add 192.0.2.8/32 peer 192.0.2.9 dev left
ip address add 2001:db8::7/64 dev left nodad
ip address add 169.254.1.1/16 scope link dev left
ip link set left mtu 1400
$RUN
ip -o link show | grep -v ' lo:' || echo nothing is left`,
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/lan0\s+inet 192\.0\.2\.7\/24 brd 192\.0\.2\.255 scope global/);
    expect(stdout).toMatch(/lan0\s+inet 192\.0\.2\.8 peer 192\.0\.2\.9\/32 scope global/);
    expect(stdout).toMatch(/lan0\s+inet6 2001:db8::7\/64 scope global/);
    expect(stdout).not.toContain("169.254");
    expect(stdout).toMatch(/lan0(@\w+)?: <[^>]*\bUP\b[^>]*> mtu 1400/);
    expect(stdout).toMatch(/right(@\w+)?: <[^>]*\bUP\b/);
    expect(stdout).toContain("nothing is left");
  });

  needs(needed)("in a user namespace, and before the hooks", async () => {
    const change = giving({ left: {} }, (config) => {
      config.linux.namespaces.push({ type: "user" });
      const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      Object.assign(config.linux, { uidMappings: map, gidMappings: map });
      const args = ["sh", "-c", "ip link show left > /dev/null 2>&1 || echo moved >&2; exit 3"];
      config.hooks = { createRuntime: [{ path: "/bin/sh", args }] };
    });
    const bundle = makeBundle(["true"], change);
    const { stderr } = await inNewNetwork(bundle, "$RUN");
    expect(stderr).toContain("exit status 3, output: moved");
  });

  needs(needed)("a program of a user namespace can use them", async () => {
    const change = giving({ left: {} }, (config) => {
      config.linux.namespaces.push({ type: "user" });
      const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      Object.assign(config.linux, { uidMappings: map, gidMappings: map });
    });
    const bundle = makeBundle(["sh", "-c", "ip -o -4 address show dev left"], change);
    const { stdout } = await inNewNetwork(bundle, "ip address add 192.0.2.7/24 dev left\n$RUN");
    expect(stdout).toContain("192.0.2.7/24");
  });

  needs(needed)(
    "that are not there, or whose new name is taken, are one error and no container",
    async () => {
      for (const [devices, message] of [
        [{ nosuch: {} }, "network device nosuch"],
        [{ left: { name: "lo" } }, "lo is there already"],
      ] as const) {
        const bundle = makeBundle(["true"], giving(devices));
        const { status, stderr } = await inNewNetwork(
          bundle,
          "$RUN || { ip link show left > /dev/null; exit 9; }",
        );
        expect([status, stderr.trim().split("\n").length]).toEqual([9, 1]);
        expect(stderr).toContain(message);
      }
    },
  );
});
