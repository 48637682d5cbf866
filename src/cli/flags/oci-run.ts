import { HuskError } from "../../platform/error.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { parseInteger } from "../values/number.ts";
import { hostPath } from "../values/path.ts";
import { OCI_FLAGS, OCI_LATER, OCI_RUN_FLAGS, OCI_RUN_LATER } from "./oci.ts";

/** The options before the command of `husk oci`. */
export interface OciOptions {
  /** File that gets the errors too. */
  log: string | undefined;
  logFormat: "text" | "json";
  version: boolean;
}

/** What `husk oci run` was asked for. */
export interface OciRun {
  id: string;
  /** Absolute path of the folder with config.json. */
  bundle: string;
  pidFile: string | undefined;
  noPivot: boolean;
  noNewKeyring: boolean;
  /** How many descriptors from 3 on the program gets. */
  preserveFds: number;
}

const OCI: Grammar<OciOptions> = {
  name: "oci",
  flags: OCI_FLAGS,
  later: OCI_LATER,
  flagsFirst: true,
  set(options, flag, value) {
    if (flag === "log") options.log = value;
    else if (flag === "log-format") options.logFormat = parseChoice(flag, value, ["text", "json"]);
    else options.version = value === "true";
  },
};

const RUN: Grammar<OciRun> = { name: "oci run", flags: OCI_RUN_FLAGS, later: OCI_RUN_LATER, set: setRunFlag };

/** Reads what stands before the command; returns the command and what follows. */
export function parseOci(
  argv: readonly string[],
  from: number,
  options: OciOptions,
  globals: Globals,
): string[] {
  return parseArguments(OCI, argv, from, options, globals);
}

/** Reads the arguments of `run`; undefined if the help was asked for. */
export function parseOciRun(argv: readonly string[], from: number, globals: Globals): OciRun | undefined {
  const run: OciRun = {
    id: "",
    bundle: process.cwd(),
    pidFile: undefined,
    noPivot: false,
    noNewKeyring: false,
    preserveFds: 0,
  };
  const [id, extra] = parseArguments(RUN, argv, from, run, globals);
  if (globals.help) return undefined;
  if (id === undefined || extra !== undefined) {
    const what = id === undefined ? "the container's id is missing" : `one id is enough, "${extra}" is more`;
    throw new HuskError("invalid", `husk oci run: ${what}`, { hint: "husk oci run [--bundle DIR] ID" });
  }
  run.id = id;
  return run;
}

function setRunFlag(run: OciRun, flag: string, value: string): void {
  switch (flag) {
    case "bundle":
      run.bundle = hostPath(flag, value);
      return;
    case "no-new-keyring":
      run.noNewKeyring = value === "true";
      return;
    case "no-pivot":
      run.noPivot = value === "true";
      return;
    case "pid-file":
      run.pidFile = hostPath(flag, value);
      return;
    case "preserve-fds":
      run.preserveFds = parseInteger(flag, value, 0, 1000);
  }
}
