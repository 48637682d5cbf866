import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type ExecOptions, execInContainer } from "../../runtime/oci/exec.ts";
import { parseJson } from "../../runtime/json-syntax.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { holdSignals } from "../forward-signals.ts";
import { parseInteger, toInteger } from "../values/number.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** Above it, programs that count with 32-bit integers take an id for another one (CVE-2024-40635). */
const HIGHEST_ID = 2147483647;

/** `husk oci exec [OPTIONS] ID PROGRAM [ARGUMENTS]` or `exec --process FILE ID`. */
export async function ociExec({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("exec", argv, from, globals, { least: 1, most: Infinity, flagsFirst: true });
  if (given === undefined) return printHelp(["oci", "exec"]);
  const options = execOptions(given);
  const passOn = options.detach ? undefined : holdSignals();
  const program = await execInContainer(runtime, options);
  if (passOn === undefined) return 0;
  passOn(program.kill, undefined);
  return program.ended;
}

function execOptions(given: CommandArguments): ExecOptions {
  const [id = "", ...args] = given.words;
  const file = given.path("process");
  const user = given.text("user");
  return {
    id,
    ...(file === undefined ? { args } : { process: readProcess(file) }),
    detach: given.on("detach"),
    ignorePaused: given.on("ignore-paused"),
    preserveFds: given.count("preserve-fds"),
    ...(given.has("tty") ? { tty: given.on("tty") } : {}),
    ...(user === undefined ? {} : { user: userOf(user) }),
    ...(given.has("env") ? { env: given.list("env").map(entry) } : {}),
    ...(given.has("additional-gids")
      ? {
          additionalGids: given
            .list("additional-gids")
            .map((gid) => parseInteger("additional-gids", gid, 0, HIGHEST_ID)),
        }
      : {}),
    ...(given.has("cap") ? { capabilities: given.list("cap") } : {}),
    ...(given.has("no-new-privs") ? { noNewPrivileges: given.on("no-new-privs") } : {}),
    ...(given.has("cgroup") ? { cgroups: given.list("cgroup") } : {}),
    ...texts(given),
  };
}

/** Flags that are handed on as they are, under their names there. */
function texts(given: CommandArguments): Partial<ExecOptions> {
  const result: Record<string, string> = {};
  for (const [flag, name] of [
    ["cwd", "cwd"],
    ["apparmor", "apparmorProfile"],
    ["process-label", "selinuxLabel"],
  ] as const) {
    const value = given.text(flag);
    if (value !== undefined && value !== "") result[name] = value;
  }
  for (const [flag, name] of [
    ["pid-file", "pidFile"],
    ["console-socket", "consoleSocket"],
    ["pidfd-socket", "pidfdSocket"],
  ] as const) {
    const value = given.text(flag) ? given.path(flag) : undefined;
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function readProcess(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `cannot read --process ${file}: ${(cause as Error).message}`, { cause });
  }
  return parseJson(content, file);
}

/** `UID` or `UID:GID`; names are the engine's matter. */
function userOf(text: string): { uid: number; gid?: number } {
  const colon = text.indexOf(":");
  const uid = id(colon < 0 ? text : text.slice(0, colon), "uid");
  return colon < 0 ? { uid } : { uid, gid: id(text.slice(colon + 1), "gid") };
}

function id(text: string, kind: string): number {
  const number = toInteger(text);
  if (number !== undefined && number >= 0 && number <= HIGHEST_ID) return number;
  throw new HuskError(
    "invalid",
    `parsing ${text} as int for ${kind} failed: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    {
      hint: "--user takes numbers: UID or UID:GID",
    },
  );
}

function entry(text: string): string {
  if (text.indexOf("=") > 0) return text;
  throw new HuskError("invalid", `invalid environment variable ${JSON.stringify(text)}`, {
    hint: "NAME=value",
  });
}
