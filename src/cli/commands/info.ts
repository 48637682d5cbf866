import { chooseFolders } from "../../engine/folders.ts";
import { type EngineInfo, engineInfo } from "../../engine/info.ts";
import type { Globals } from "../grammar.ts";
import { formatFacts, parseFactsFormat } from "../output-format.ts";
import { printHelp } from "../print-help.ts";

/** `husk info`: this installation and the machine it is on, in docker's layout and with docker's fields besides husk's. */
export async function info(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const format = parseFactsFormat("info", argv, from, globals);
  if (format === undefined) return printHelp(["info"]);

  const facts = await engineInfo(chooseFolders(globals));
  console.log(await formatFacts(format, { ...dockerFields(facts), ...facts }, () => factsText(facts)));
  return 0;
}

/** The fields of `GET /info` that mean something here. */
function dockerFields(facts: EngineInfo): Record<string, unknown> {
  const { running, paused, stopped } = facts.containers;
  return {
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: facts.storedImages,
    Driver: "overlay",
    LoggingDriver: facts.logDriver,
    CgroupDriver: "cgroupfs",
    CgroupVersion: facts.cgroupVersion === "v2" ? "2" : "1",
    SwapLimit: facts.swapAccounting,
    SecurityOptions: facts.securityOptions.map((name) =>
      name.startsWith("seccomp=") ? "name=seccomp,profile=builtin" : `name=${name}`,
    ),
    KernelVersion: facts.kernelVersion,
    OperatingSystem: facts.operatingSystem,
    OSType: facts.osType,
    Architecture: facts.architecture,
    NCPU: facts.cpus,
    MemTotal: facts.memory,
    DockerRootDir: facts.root,
    Name: facts.name,
    ServerVersion: facts.huskVersion,
    DefaultRuntime: "husk",
  };
}

function factsText(facts: EngineInfo): string {
  const { running, paused, stopped } = facts.containers;
  const lines = [
    `Containers: ${running + paused + stopped}`,
    ` Running: ${running}`,
    ` Paused: ${paused}`,
    ` Stopped: ${stopped}`,
    `Images: ${facts.storedImages}, and ${facts.images.join(" ")} (this machine's own programs)`,
    `Husk version: ${facts.huskVersion}`,
    `State folder: ${facts.root}`,
    `Run folder: ${facts.run}`,
    `Rootless: ${facts.rootless}`,
    `Storage driver: overlay`,
    `Logging driver: ${facts.logDriver}`,
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
    ...registryLines(facts),
    ...settingsLines(facts),
  );
  return lines.join("\n");
}

function registryLines({ registries }: EngineInfo): string[] {
  if (registries.length === 0) return [];
  return [
    "Registries:",
    ...registries.map(({ prefix, location, insecure, blocked, mirrors }) => {
      const words = [
        ...(blocked ? ["blocked"] : []),
        ...(insecure ? ["insecure"] : []),
        ...(location === prefix ? [] : [`at ${location}`]),
        ...(mirrors.length === 0 ? [] : [`mirrors ${mirrors.map((mirror) => mirror.location).join(", ")}`]),
      ];
      return ` ${prefix}: ${words.join("; ")}`;
    }),
  ];
}

/** Each setting once, as it counts, and where it stands. */
function settingsLines({ settings, settingsFiles }: EngineInfo): string[] {
  if (settings.length === 0) return [`Settings: none (${settingsFiles.join(", ")})`];
  const last = new Map(settings.map((setting) => [setting.key, setting]));
  return [
    "Settings:",
    ...[...last.values()].map(({ key, value, from }) => ` ${key}: ${valueText(value)} (${from})`),
  ];
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
