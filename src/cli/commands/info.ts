import { hostname } from "node:os";
import { describeCgroups, readLayout } from "../../cgroup/index.ts";
import { chooseFolders } from "../../engine/folders.ts";
import { type Machine, thisMachine } from "../check/machine.ts";
import { isPrivileged } from "../check/rights.ts";
import type { Globals } from "../grammar.ts";
import { formatFacts, parseFactsFormat } from "../output-format.ts";
import { architecture, huskVersion, javascriptRuntime, kernelRelease } from "../versions.ts";
import { printHelp } from "./help.ts";

/** `husk info`: this installation and the machine it is on. */
export async function info(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const format = parseFactsFormat("info", argv, from, globals);
  if (format === undefined) return printHelp(["info"]);

  const facts = collect(thisMachine(), globals);
  console.log(await formatFacts(format, facts, () => factsText(facts)));
  return 0;
}

type Facts = ReturnType<typeof collect>;

function collect(machine: Machine, globals: Globals) {
  const rootless = !isPrivileged(machine);
  const folders = chooseFolders(globals);
  const cgroups = describeCgroups(readLayout(), { rootless, uid: machine.uid });
  const runtime = javascriptRuntime();
  return {
    huskVersion,
    root: folders.root,
    run: folders.run,
    rootless,
    images: ["host"],
    networks: ["none", "host"],
    cgroupVersion: cgroups.version,
    cgroupControllers: cgroups.controllers.map(({ controller, version, mount, usable, problem }) => ({
      controller,
      version,
      mount,
      usable,
      problem,
    })),
    swapAccounting: cgroups.swapAccounting,
    securityOptions: securityOptions(machine, rootless),
    kernelVersion: kernelRelease(),
    operatingSystem: operatingSystem(machine),
    osType: "linux",
    architecture: architecture(),
    runtime: `${runtime.name} ${runtime.version}`,
    cpus: countCpus(machine),
    memory: Number(/^MemTotal:\s*(\d+) kB/m.exec(machine.read("/proc/meminfo") ?? "")?.[1] ?? 0) * 1024,
    name: hostname(),
  };
}

function securityOptions(machine: Machine, rootless: boolean): string[] {
  const options: string[] = [];
  if (machine.read("/sys/module/apparmor/parameters/enabled")?.trim() === "Y") options.push("apparmor");
  if (machine.read("/sys/fs/selinux/enforce") !== undefined) options.push("selinux");
  if (machine.read("/proc/sys/kernel/seccomp/actions_avail") !== undefined) options.push("seccomp=builtin");
  if (rootless) options.push("rootless");
  return options;
}

function operatingSystem(machine: Machine): string {
  const text = machine.read("/etc/os-release") ?? "";
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "unknown";
}

function countCpus(machine: Machine): number {
  return machine.read("/proc/stat")?.match(/^cpu\d+/gm)?.length ?? 0;
}

function factsText(facts: Facts): string {
  const lines = [
    `Husk version: ${facts.huskVersion}`,
    `State folder: ${facts.root}`,
    `Run folder: ${facts.run}`,
    `Rootless: ${facts.rootless}`,
    `Images: ${facts.images.join(" ")} (this machine's own programs)`,
    `Networks: ${facts.networks.join(" ")} (default none; bridges come with a later version)`,
    `Cgroup version: ${facts.cgroupVersion}`,
  ];
  for (const { controller, version, mount, usable, problem } of facts.cgroupControllers) {
    const where = version === undefined ? "" : `v${version} at ${mount}`;
    const lack = usable ? "" : `${where === "" ? "" : ", "}${problem}`;
    lines.push(` ${controller}: ${where}${lack}`);
  }
  lines.push(
    `Swap accounting: ${facts.swapAccounting}`,
    `Security options: ${facts.securityOptions.join(" ")}`,
    `Kernel version: ${facts.kernelVersion}`,
    `Operating system: ${facts.operatingSystem}`,
    `OS type: ${facts.osType}`,
    `Architecture: ${facts.architecture}`,
    `Runs on: ${facts.runtime}`,
    `CPUs: ${facts.cpus}`,
    `Total memory: ${(facts.memory / 1024 ** 3).toFixed(2)}GiB`,
    `Name: ${facts.name}`,
  );
  return lines.join("\n");
}
