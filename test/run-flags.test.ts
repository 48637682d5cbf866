// Flags of docker's about names, devices and limits, and containers that share what others have.
import { describe, expect, test } from "bun:test";
import { engine, needs, waitFor } from "./harness/index.ts";

const { husk } = engine();

async function out(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await husk(args);
  expect([args.join(" "), status, stderr]).toEqual([args.join(" "), 0, ""]);
  return stdout;
}

describe("names", () => {
  test("--add-host, --dns, --dns-search, --dns-option and --domainname", async () => {
    const script = "cat /etc/hosts /etc/resolv.conf; getent hosts db; cat /proc/sys/kernel/domainname";
    const flags = [
      "--add-host",
      "db:10.0.0.5",
      "--add-host",
      "six=[fd00::5]",
      "--dns",
      "192.0.2.1",
      "--dns-search",
      "a.example",
    ];
    const more = [
      "--dns-search",
      "b.example",
      "--dns-option",
      "ndots:2",
      "--domainname",
      "nis.example",
      "-h",
      "own",
    ];
    const text = await out("run", "--name", "named", ...flags, ...more, "host", "sh", "-c", script);
    expect(text).toBe(
      "127.0.0.1\tlocalhost\n127.0.1.1\town\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.5\tdb\nfd00::5\tsix\n" +
        "nameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2\n10.0.0.5        db\nnis.example\n",
    );
    // A second start has them, too, once.
    expect(await out("start", "-a", "named")).toBe(text);
    const [{ HostConfig }] = JSON.parse(await out("inspect", "named"));
    expect(HostConfig).toMatchObject({
      ExtraHosts: ["db:10.0.0.5", "six:fd00::5"],
      Dns: ["192.0.2.1"],
      DnsSearch: ["a.example", "b.example"],
      DnsOptions: ["ndots:2"],
    });
  });

  test("a folder of the user's is not written to", async () => {
    const { status, stderr } = await husk([
      "run",
      "--add-host",
      "db:10.0.0.5",
      "--rootfs",
      "/nowhere",
      "true",
    ]);
    expect([status, stderr]).toEqual([125, expect.stringContaining("--add-host: /nowhere is used as it is")]);
  });

  test("--expose and --annotation are kept", async () => {
    await out(
      "create",
      "--name",
      "kept",
      "--expose",
      "80-81",
      "--expose",
      "53/udp",
      "--annotation",
      "a.b=c=d",
      "host",
      "true",
    );
    const [{ Config, HostConfig }] = JSON.parse(await out("inspect", "kept"));
    expect(Config.ExposedPorts).toEqual({ "80/tcp": {}, "81/tcp": {}, "53/udp": {} });
    expect(HostConfig.Annotations).toEqual({ "a.b": "c=d" });
  });
});

describe("what another container has", () => {
  needs({ root: true })("--network and --pid container:NAME", async () => {
    await out(
      "run",
      "-d",
      "--name",
      "base",
      "-h",
      "basehost",
      "--add-host",
      "db:10.0.0.5",
      "host",
      "sh",
      "-c",
      "ip link add x type dummy 2>/dev/null; exec sleep 987",
    );
    const first = async (): Promise<string> =>
      (await husk(["exec", "base", "cat", "/proc/1/cmdline"])).stdout;
    await waitFor("its program", async () => (await first()).startsWith("sleep"));
    const script =
      "hostname; grep -c db /etc/hosts; cat /proc/1/cmdline | tr '\\0' ' '; kill -0 1 && echo may";
    const text = await out(
      "run",
      "--rm",
      "--network",
      "container:base",
      "--pid",
      "container:base",
      "host",
      "sh",
      "-c",
      script,
    );
    expect(text).toBe("basehost\n1\nsleep 987 may\n");
    const network = "readlink /proc/self/ns/net /proc/self/ns/pid";
    const own = await out("exec", "base", "sh", "-c", network);
    expect(
      await out(
        "run",
        "--rm",
        "--network",
        "container:base",
        "--pid",
        "container:base",
        "host",
        "sh",
        "-c",
        network,
      ),
    ).toBe(own);

    // What it leaves running ends with it, though pid 1 is another's.
    await out("run", "--rm", "--pid", "container:base", "host", "sh", "-c", "sleep 986 & sleep 0.1");
    expect(await out("exec", "base", "ps", "ax")).toMatch(/sleep 987/);
    expect(await out("exec", "base", "ps", "ax")).not.toContain("sleep 986");

    await out("run", "-d", "--name", "guest", "--network", "container:base", "host", "sleep", "100");
    const [{ HostConfig }] = JSON.parse(await out("inspect", "guest"));
    const id = (await out("inspect", "--format", "{{.Id}}", "base")).trim();
    expect(HostConfig.NetworkMode).toBe(`container:${id}`);
    await out("stop", "-t", "0", "base", "guest");
    const gone = await husk(["start", "guest"]);
    expect([gone.status, gone.stderr]).toEqual([
      1,
      expect.stringContaining(`cannot join network of a non running container: ${id}`),
    ]);
    await out("start", "base");
    await out("start", "guest");
    await out("rm", "-f", "base", "guest");
  });

  needs({ ordinaryUser: true })("is beyond ordinary users", async () => {
    await out("run", "-d", "--name", "base", "host", "sleep", "100");
    const { status, stderr } = await husk(["run", "--pid", "container:base", "host", "true"]);
    expect([status, stderr]).toEqual([
      125,
      expect.stringContaining("user namespaces apart — run husk as root"),
    ]);
    await out("rm", "-f", "base");
  });

  test.each([
    [["--pid", "container:nobody"], "No such container: nobody"],
    [
      ["--network", "container:kept2", "-h", "x"],
      "conflicting options: hostname and the container type network mode",
    ],
    [["--network", "container:kept2", "--dns", "10.0.0.1"], "conflicting options: dns and"],
  ])("%j is refused", async (flags, message) => {
    const { status, stderr } = await husk(["run", ...flags, "host", "true"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});

describe("devices and limits", () => {
  needs({ root: true, cgroup: "v1", controller: ["memory", "devices"] })("of control groups v1", async () => {
    const flags = [
      "--memory-swappiness",
      "30",
      "--oom-kill-disable",
      "-m",
      "64m",
      "--device-cgroup-rule",
      "c 10:229 rw",
    ];
    const files =
      "cd /sys/fs/cgroup; cat memory/memory.swappiness; head -1 memory/memory.oom_control; grep 229 devices/devices.list";
    expect(await out("run", "--rm", ...flags, "host", "sh", "-c", files)).toBe(
      "30\noom_kill_disable 1\nc 10:229 rw\n",
    );
  });

  needs({ root: true, controller: "devices", file: "/dev/fuse" })(
    "--device-cgroup-rule allows what mknod(1) made",
    async () => {
      const script = "mknod /tmp/f c 10 229 && head -c0 /tmp/f && echo open";
      const rule = ["--device-cgroup-rule", "c 10:229 rwm"];
      const { stdout } = await husk(["run", "--rm", ...rule, "host", "sh", "-c", script]);
      const without = await husk(["run", "--rm", "host", "sh", "-c", script]);
      expect([stdout, without.stdout]).toEqual(["open\n", ""]);
      expect(without.stderr).toMatch(/not permitted|denied/i);
    },
  );

  needs({ root: true, controller: "memory" })("--kernel-memory is said to mean nothing", async () => {
    const { status, stderr } = await husk(["run", "--rm", "--kernel-memory", "32m", "host", "true"]);
    expect([status, stderr]).toEqual([0, expect.stringContaining("kernel memory has no limit of its own")]);
  });
});
