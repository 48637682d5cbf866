import { accessSync, constants, existsSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { hostPlatform } from "../platform.ts";
import { debianArchitecture, type Recipe } from "./recipe.ts";

export const TOOLS = ["mmdebstrap", "debootstrap"] as const;
/** Who makes the system. */
export type Tool = (typeof TOOLS)[number];

/** A tool that is installed. */
export interface FoundTool {
  readonly tool: Tool;
  readonly path: string;
}

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const MERGED_USR = "/usr/share/mmdebstrap/hooks/maybe-merged-usr";
/** What the tools and the packages' scripts get. */
const TOOL_PATH = FOLDERS.join(":");

/** The path of a program in the system's own folders: what runs as root is not looked up in anybody's PATH. */
function findTool(name: string): string | undefined {
  for (const folder of FOLDERS) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      continue;
    }
  }
  return undefined;
}

/**
 * Chooses the tool: mmdebstrap where it is installed, as it is quicker and needs no root.
 *
 * @throws HuskError "unavailable" when none can do it here
 */
export function chooseTool(
  wanted: Tool | undefined,
  { exclude, architecture }: Recipe,
  isRoot: boolean,
  find: (name: string) => string | undefined = findTool,
): FoundTool {
  const refuse = (why: string, hint: string): never => {
    throw new HuskError("unavailable", `husk image bootstrap: ${why}`, { hint });
  };
  if (wanted === "mmdebstrap" && exclude.length > 0)
    refuse("mmdebstrap cannot leave packages out", "leave out --exclude, or use --tool debootstrap");
  if (wanted === "debootstrap" && !isRoot)
    refuse(
      "debootstrap needs root",
      "apt-get install mmdebstrap, which an ordinary user can run, or: sudo husk",
    );
  const usable = TOOLS.filter(
    (tool) =>
      (wanted === undefined || tool === wanted) && (tool === "mmdebstrap" ? exclude.length === 0 : isRoot),
  );
  const isForeign = architecture !== debianArchitecture(hostPlatform().architecture);
  let lacksTest = false;
  for (const tool of usable) {
    const path = find(tool);
    if (path === undefined) continue;
    // It refuses other processors unless that program tells that they run here.
    if (tool === "mmdebstrap" && isForeign && find("arch-test") === undefined) lacksTest = true;
    else return { tool, path };
  }
  if (lacksTest) return refuse(`mmdebstrap needs arch-test for ${architecture}`, "apt-get install arch-test");
  if (usable.length === 0)
    return refuse("--exclude needs debootstrap, which needs root", "leave out --exclude, or: sudo husk");
  return refuse(
    `${usable.join(" or ")} is not installed${isRoot ? "" : ", and an ordinary user cannot use debootstrap"}`,
    `apt-get install ${usable[0]} (dnf install ${usable[0]}, pacman -S ${usable[0]})`,
  );
}

/**
 * The command line of a tool.
 *
 * @param target mmdebstrap writes an archive there, debootstrap fills the folder
 */
export function toolCommand({ tool, path }: FoundTool, recipe: Recipe, target: string): string[] {
  const { suite, variant, architecture, include, exclude, components, mirror, keyring } = recipe;
  const command = [path];
  const list = (option: string, values: readonly string[]): void => {
    if (values.length > 0) command.push(`--${option}=${values.join(",")}`);
  };
  if (tool === "mmdebstrap") {
    command.push("--mode=auto", "--format=tar");
    list("variant", [variant === "standard" ? "important" : variant]);
    list("architectures", [architecture]);
    // Otherwise apt takes usrmerge, which brings perl, where one empty package would do.
    if (existsSync(MERGED_USR)) list("hook-dir", [MERGED_USR]);
  } else {
    if (variant !== "standard") list("variant", [variant]);
    list("arch", [architecture]);
  }
  list("include", include);
  list("exclude", exclude);
  list("components", components);
  if (keyring !== undefined) command.push(`--keyring=${keyring}`);
  command.push(suite, target);
  if (mirror !== undefined) command.push(mirror);
  return command;
}

/** The environment of a tool: proxies are the caller's, nothing else is. */
export function toolEnvironment(caller: Readonly<Record<string, string | undefined>>): string[] {
  const env = [`PATH=${TOOL_PATH}`, "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "HOME=/root"];
  for (const name of ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"])
    for (const spelling of [name, name.toUpperCase()])
      if (caller[spelling] !== undefined) env.push(`${spelling}=${caller[spelling]}`);
  return env;
}
