import { COMMANDS } from "../command-names.ts";
import { CGROUP_FLAGS } from "../flags/cgroup.ts";
import { type Flag, readFlags } from "../flags/table.ts";
import { GLOBAL_FLAGS } from "../grammar.ts";
import { cgroupHelp, HELP as CGROUP } from "../help/cgroup.ts";
import { CHANGE_HELPS } from "../help/change-commands.ts";
import { HELP as CHECK } from "../help/check.ts";
import { HELP as CHROOT } from "../help/chroot.ts";
import { HELP as COMPLETION } from "../help/completion.ts";
import { CONTAINER_HELPS } from "../help/container-commands.ts";
import { CONTAINER_COMMANDS, containerHelp, HELP as CONTAINER } from "../help/container.ts";
import { HELP as EXPLAIN } from "../help/explain.ts";
import { HELP as HELP_HELP } from "../help/help.ts";
import { HELP as IMAGE, IMAGE_COMMANDS, imageHelp } from "../help/image.ts";
import { IMAGE_HELPS } from "../help/image-commands.ts";
import { HELP as INFO } from "../help/info.ts";
import { HELP as JAIL } from "../help/jail.ts";
import { GLOBAL_ABOUT, type Help } from "../help/layout.ts";
import { LIFE_HELPS } from "../help/life-commands.ts";
import { HELP as NSENTER } from "../help/nsenter.ts";
import { ociHelp, ociSummaries } from "../help/oci-commands.ts";
import { HELP as OCI } from "../help/oci.ts";
import { HELP as RUN } from "../help/run.ts";
import { HELP as SYSTEM, SYSTEM_COMMANDS, systemHelp } from "../help/system.ts";
import { HELP as UNSHARE } from "../help/unshare.ts";
import { HELP as VERSION } from "../help/version.ts";
import { VOLUME_COMMANDS, volumeHelp } from "../help/volume.ts";
import { type NameKind, nameKind } from "./names.ts";

/** What a shell needs to know of a command to complete its line. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What its arguments are: words, `directories`, or a `program` with arguments of its own. */
  readonly takes: readonly string[] | "program" | "nothing";
  /** What of the engine its arguments name. */
  readonly names?: NameKind | undefined;
}

export interface CompletedFlag extends Flag {
  readonly about: string;
}

const HELPS: Readonly<Record<string, Help>> = {
  run: RUN,
  explain: EXPLAIN,
  ...IMAGE_HELPS,
  ...LIFE_HELPS,
  container: CONTAINER,
  ...CONTAINER_HELPS,
  ...CHANGE_HELPS,
  image: IMAGE,
  volume: volumeHelp(undefined),
  system: SYSTEM,
  unshare: UNSHARE,
  nsenter: NSENTER,
  chroot: CHROOT,
  jail: JAIL,
  cgroup: CGROUP,
  check: CHECK,
  info: INFO,
  version: VERSION,
  completion: COMPLETION,
  oci: OCI,
  help: HELP_HELP,
};

/** Flags every command takes. */
export function globalFlags(): CompletedFlag[] {
  return describe(GLOBAL_FLAGS, GLOBAL_ABOUT);
}

/** husk's commands with their flags. */
export function completedCommands(): CompletedCommand[] {
  return COMMANDS.map(([name, summary]) => {
    const help = HELPS[name] as Help;
    return {
      name,
      summary,
      flags: describe(help.flags, help.about),
      takes: taken(name),
      names: nameKind(name),
    };
  });
}

/** A command with commands of its own. */
export interface Family {
  readonly name: string;
  readonly commands: readonly CompletedCommand[];
}

/** The commands of `cgroup`, `container`, `image`, `oci`, `system` and `volume`, which have flags of their own. */
export function completedFamilies(): Family[] {
  const oci = ociSummaries().map(([name, summary]): CompletedCommand => {
    const { flags, about } = ociHelp(name) as Help;
    return { name, summary, flags: describe(flags, about), takes: "nothing" };
  });
  const cgroup = Object.keys(CGROUP_FLAGS).map((name): CompletedCommand => {
    const { flags, about, description } = cgroupHelp(name);
    const summary = description.split(/[;:.]/)[0] as string;
    return { name, summary, flags: describe(flags, about), takes: "nothing" };
  });
  const image = IMAGE_COMMANDS.map(([name, summary]): CompletedCommand => {
    const { flags, about } = imageHelp(name);
    return { name, summary, flags: describe(flags, about), takes: "nothing" };
  });
  const volume = VOLUME_COMMANDS.map(([name, summary]): CompletedCommand => {
    const { flags, about } = volumeHelp(name);
    return { name, summary, flags: describe(flags, about), takes: "nothing" };
  });
  const system = SYSTEM_COMMANDS.map(([name, summary]): CompletedCommand => {
    const { flags, about } = systemHelp(name);
    return { name, summary, flags: describe(flags, about), takes: "nothing" };
  });
  const container = CONTAINER_COMMANDS.map(([name, summary]): CompletedCommand => {
    const { flags, about } = containerHelp(name);
    return {
      name,
      summary,
      flags: describe(flags, about),
      takes: name === "run" || name === "create" ? "program" : "nothing",
    };
  });
  return [
    { name: "cgroup", commands: cgroup },
    { name: "container", commands: container },
    { name: "image", commands: image },
    { name: "oci", commands: oci },
    { name: "system", commands: system },
    { name: "volume", commands: volume },
  ];
}

/** The commands of families under their whole names: `oci run`. */
export function nestedCommands(): CompletedCommand[] {
  return completedFamilies().flatMap(({ name, commands }) =>
    commands.map((command) => ({
      ...command,
      name: `${name} ${command.name}`,
      names: nameKind(`${name} ${command.name}`),
    })),
  );
}

function taken(name: string): CompletedCommand["takes"] {
  switch (name) {
    case "run":
    case "create":
    case "explain":
      return "program";
    case "container":
      return CONTAINER_COMMANDS.map(([command]) => command);
    case "completion":
      return ["bash", "zsh", "fish"];
    case "jail":
      return ["make", "ls"];
    case "image":
      return IMAGE_COMMANDS.map(([command]) => command);
    case "volume":
      return VOLUME_COMMANDS.map(([command]) => command);
    case "system":
      return SYSTEM_COMMANDS.map(([command]) => command);
    case "cgroup":
      return Object.keys(CGROUP_FLAGS);
    case "oci":
      return ociSummaries().map(([name]) => name);
    case "help":
      return COMMANDS.map(([command]) => command);
    default:
      return "nothing";
  }
}

function describe(table: string, about: Readonly<Record<string, string>>): CompletedFlag[] {
  return readFlags(table).map((flag) => ({ ...flag, about: about[flag.name] ?? "" }));
}
