import { statSync } from "node:fs";
import type { JailRequest } from "../../jail/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { FORMAT_FLAGS, type OutputFormat } from "../output-format.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { hostPath } from "../values/path.ts";

export const JAIL_MAKE_FLAGS = `
--dry-run
-f --format string text|json
--from dir dir
--replace
`;

/** What `husk jail make` was asked for. */
export interface JailMake {
  readonly request: JailRequest;
  readonly format: OutputFormat;
  /** Tell what would be copied, and copy nothing. */
  readonly dryRun: boolean;
}

interface MakeFlags {
  format: OutputFormat;
  from: string | undefined;
  replace: boolean;
  dryRun: boolean;
}

const MAKE: Grammar<MakeFlags> = {
  name: "jail make",
  flags: JAIL_MAKE_FLAGS,
  set(flags, flag, value) {
    if (flag === "format") flags.format = parseChoice(flag, value, ["text", "json"]);
    else if (flag === "from") flags.from = hostPath(flag, value);
    else if (flag === "replace") flags.replace = value === "true";
    else flags.dryRun = value === "true";
  },
};

/** Without a PATH, and below another root. */
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Reads `[flags] DIR PROGRAM…`; undefined if the help was asked for. */
export function parseJailMake(argv: readonly string[], from: number, globals: Globals): JailMake | undefined {
  const flags: MakeFlags = { format: "text", from: undefined, replace: false, dryRun: false };
  const [folder, ...programs] = parseArguments(MAKE, argv, from, flags, globals);
  if (globals.help) return undefined;
  if (folder === undefined || programs.length === 0) {
    const what = folder === undefined ? "the folder is missing" : "the programs are missing";
    throw new HuskError("invalid", `husk jail make: ${what}`, { hint: "husk jail make DIR bash ls cat" });
  }
  const root = flags.from ?? "/";
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new HuskError("not-found", `--from ${root}: no such folder`, {
      hint: "name a folder with a root file system in it",
    });
  }
  const searchPath = (root === "/" ? (process.env["PATH"] ?? USUAL_PATH) : USUAL_PATH).split(":");
  const request: JailRequest = {
    folder: withoutSlash(hostPath("DIR", folder)),
    from: withoutSlash(root),
    programs: programs.map((name) => programName(name, root)),
    searchPath: searchPath.filter((path) => path !== ""),
    replace: flags.replace,
  };
  return { request, format: flags.format, dryRun: flags.dryRun };
}

/** A path is this machine's, or one below `--from`; a bare name is looked up. */
function programName(name: string, root: string): string {
  if (name === "") throw new HuskError("invalid", "husk jail make: a program's name is empty");
  if (!name.includes("/") || name.startsWith("/")) return name;
  return root === "/" ? hostPath("PROGRAM", name) : `/${name}`;
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

const LS: Grammar<{ format: OutputFormat }> = {
  name: "jail ls",
  flags: FORMAT_FLAGS,
  set(target, flag, value) {
    target.format = parseChoice(flag, value, ["text", "json"]);
  },
};

/** Reads `[--format text|json] DIR`; undefined if the help was asked for. */
export function parseJailLs(
  argv: readonly string[],
  from: number,
  globals: Globals,
): { folder: string; format: OutputFormat } | undefined {
  const flags: { format: OutputFormat } = { format: "text" };
  const [folder, more] = parseArguments(LS, argv, from, flags, globals);
  if (globals.help) return undefined;
  if (folder === undefined || more !== undefined) {
    const what = folder === undefined ? "the folder is missing" : `one folder is enough, "${more}" is more`;
    throw new HuskError("invalid", `husk jail ls: ${what}`, { hint: "husk jail ls DIR" });
  }
  const path = withoutSlash(hostPath("DIR", folder));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    throw new HuskError("invalid", `${folder} is a file, and a jail is a folder`);
  }
  return { folder: path, format: flags.format };
}
