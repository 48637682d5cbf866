import { failureStatus } from "./exit-status.ts";
import type { Globals, Grammar } from "./grammar.ts";
import { loadCommand } from "./load-command.ts";
import { BROKEN_PIPE, OutputClosed } from "./output-closed.ts";
import { parseArguments } from "./parse-arguments.ts";
import { bringPrograms, type Programs } from "./programs.ts";
import { reportError } from "./report-error.ts";

interface Wishes {
  version: boolean;
}

const HUSK: Grammar<Wishes> = {
  name: "",
  flags: "\n-v --version\n",
  flagsFirst: true,
  set(wishes, _flag, value) {
    wishes.version = value === "true";
  },
};

const globals: Globals = {
  root: undefined,
  run: undefined,
  debug: false,
  help: false,
};

/** The command line from the command on. */
let line: readonly string[] = [];

async function perform(argv: readonly string[], calledAs: string): Promise<number> {
  if (calledAs.endsWith("husk-oci")) {
    const { oci } = await import("./commands/oci.ts");
    return oci(argv, 0, globals);
  }
  const wishes: Wishes = { version: false };
  const words = parseArguments(HUSK, argv, 0, wishes, globals);
  line = words;
  const name = words[0];
  if (wishes.version) {
    const { versionLine } = await import("./commands/version.ts");
    console.log(versionLine());
    return 0;
  }
  if (name === undefined) {
    const { printHelp } = await import("./commands/help.ts");
    return printHelp([]);
  }
  return (await loadCommand(name))(words, 1, globals);
}

/** `process.exit` runs handlers nobody installed, and costs 1.7 ms. */
function leave(status: number): never {
  const { reallyExit } = process as unknown as { reallyExit(status: number): never };
  return reallyExit(status);
}

/** husk's command line, from its arguments to the exit status. */
export function begin(programs: Programs, calledAs: string): void {
  bringPrograms(programs);
  perform(process.argv.slice(2), calledAs).then(leave, (error: unknown) => {
    if (error instanceof OutputClosed) leave(BROKEN_PIPE);
    reportError(error, globals.debug);
    leave(failureStatus(error, line));
  });
}
