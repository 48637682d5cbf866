import { chooseFolders } from "../../engine/folders.ts";
import { type EngineInfo, engineInfo } from "../../engine/info.ts";
import type { Globals } from "../grammar.ts";
import { formatFacts, parseFactsFormat } from "../output-format.ts";
import { printHelp } from "./help.ts";

/** `husk info`: this installation and the machine it is on. */
export async function info(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const format = parseFactsFormat("info", argv, from, globals);
  if (format === undefined) return printHelp(["info"]);

  const facts = engineInfo(chooseFolders(globals));
  console.log(await formatFacts(format, facts, () => factsText(facts)));
  return 0;
}

function factsText(facts: EngineInfo): string {
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
