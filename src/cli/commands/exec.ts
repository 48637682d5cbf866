import { findId } from "../../engine/container/find.ts";
import { exec as execIn } from "../../engine/exec/exec.ts";
import type { ExecOptions } from "../../engine/exec/program.ts";
import { type CommandArguments, readArguments } from "../command-arguments.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import { holdSignals } from "../forward-signals.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { parseEnv, readEnvFile } from "../values/env.ts";
import { parseUser } from "../values/user.ts";

/** `husk exec`: a program in a running container. The exit status is the program's. */
export async function exec(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "exec", flags: CONTAINER_FLAGS.exec, least: 2, flagsFirst: true };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) {
    const { printHelp } = await import("./help.ts");
    return printHelp(["exec"]);
  }
  const options = execOptions(given);
  const detach = given.on("detach");
  if (options.tty === true && options.interactive === true && !detach) {
    const { refuseWithoutTerminal } = await import("../terminal.ts");
    refuseWithoutTerminal();
  }
  const home = homeOf(globals);
  const keys = given.text("detach-keys");
  const handOn = detach ? undefined : holdSignals();
  const program = await execIn(home, findId(home.folders, given.words[0] as string), options, {
    detach,
    ...(options.tty === true ? { detachKeys: await detachKeys(keys) } : {}),
  });
  for (const warning of program.warnings) printError(oneLine(`husk: warning: ${warning}`));
  if (handOn === undefined) return 0;
  handOn(program.kill, undefined);
  if (options.tty === true) leaveWhenTold();
  return (await program.ended).exitCode;
}

async function detachKeys(text: string | undefined): Promise<Uint8Array> {
  const { parseDetachKeys } = await import("../values/detach-keys.ts");
  return parseDetachKeys("detach-keys", text);
}

/** The keeper says that the detach keys were typed: the program goes on without us. */
function leaveWhenTold(): void {
  process.removeAllListeners("SIGUSR2");
  process.on("SIGUSR2", () => {
    printError("read escape sequence");
    process.exit(0);
  });
}

function execOptions(given: CommandArguments): ExecOptions {
  const env: string[] = [];
  for (const file of given.list("env-file")) env.push(...readEnvFile("env-file", file, process.env));
  for (const entry of given.list("env")) env.push(parseEnv("env", entry, process.env) ?? entry);
  const user = given.text("user");
  const workdir = given.text("workdir");
  return {
    command: given.words.slice(1),
    interactive: given.on("interactive"),
    tty: given.on("tty"),
    privileged: given.on("privileged"),
    ...(env.length === 0 ? {} : { env }),
    ...(user === undefined || user === "" ? {} : { user: parseUser("user", user) }),
    ...(workdir === undefined || workdir === "" ? {} : { workdir }),
  };
}
