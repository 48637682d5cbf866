import { folderPaths } from "../../engine/folder-paths.ts";
import { HuskError } from "../../platform/error.ts";
import type { Runtime } from "../../runtime/oci/create.ts";
import type { CgroupManager } from "../../runtime/oci/prepare.ts";
import { OCI_COMMANDS, OCI_FLAGS } from "../flags/oci.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { ownPrograms } from "../programs.ts";
import { OutputClosed } from "../output-closed.ts";
import { logError, logLevel, logMessage, type OciLog } from "../oci-log.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { hostPath } from "../values/path.ts";

/** What every command of `husk oci` gets. */
export interface OciCall {
  readonly argv: readonly string[];
  /** Where the command's own arguments begin. */
  readonly from: number;
  readonly globals: Globals;
  readonly runtime: Runtime;
  /** Who makes control groups for new containers. */
  readonly cgroupManager: CgroupManager;
  /** Name or path of criu. */
  readonly criu: string;
}

interface OciOptions {
  readonly log: OciLog;
  cgroupManager: CgroupManager;
  criu: string;
  version: boolean;
}

const OCI: Grammar<OciOptions> = {
  name: "oci",
  flags: OCI_FLAGS,
  flagsFirst: true,
  set(options, flag, value) {
    switch (flag) {
      case "cgroup-manager":
        options.cgroupManager = parseChoice(flag, value, ["cgroupfs", "systemd", "disabled"]);
        return;
      case "systemd-cgroup":
        if (value === "true") options.cgroupManager = "systemd";
        return;
      case "log":
        options.log.file = value === "" || value === "/dev/stderr" ? undefined : hostPath(flag, value);
        return;
      case "log-format":
        if (value !== "text" && value !== "json")
          throw new HuskError("invalid", `invalid log-format: ${value}`, { hint: "text or json" });
        options.log.format = value;
        return;
      case "log-level":
        options.log.level = logLevel(value);
        return;
      case "criu":
        options.criu = value || "criu";
        return;
      case "rootless":
        parseChoice(flag, value, ["true", "false", "auto"]);
        return;
      default:
        options.version = value === "true";
    }
  },
};

/** Of a program that could not be run in a container: no status that one could have. */
const EXEC_FAILED = 255;
const FAILED = 1;

/** `husk oci [OPTIONS] COMMAND`, which is also the whole of `husk-oci`. */
export async function oci(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const options: OciOptions = {
    log: { file: undefined, format: "text", level: "warning" },
    cgroupManager: "cgroupfs",
    criu: "criu",
    version: false,
  };
  let command: string | undefined;
  try {
    const words = parseArguments(OCI, argv, from, options, globals);
    command = words[0];
    if (globals.debug) options.log.level = "debug";
    if (options.version) {
      const { ociVersionLines } = await import("./version.ts");
      console.log(ociVersionLines());
      return 0;
    }
    if (command === undefined || command === "help") {
      const { printHelp } = await import("./help.ts");
      return printHelp(command === undefined ? ["oci"] : ["oci", ...words.slice(1)]);
    }
    return await (await load(command))({
      argv: words,
      from: 1,
      globals,
      runtime: runtimeOf(globals, options.log),
      cgroupManager: options.cgroupManager,
      criu: options.criu,
    });
  } catch (error) {
    if (error instanceof OutputClosed) throw error;
    const prefix = command === "create" || command === "run" ? `husk ${command} failed: ` : "";
    logError(options.log, error, command === "exec" ? "exec failed: " : prefix);
    if (globals.debug && error instanceof Error) console.error(error.stack);
    return command === "exec" ? EXEC_FAILED : FAILED;
  }
}

function runtimeOf(globals: Globals, log: OciLog): Runtime {
  // --root names the folder of the states, as with runc; what stays is where it always is.
  const folders = folderPaths({}, withDataHome(process.env), {});
  return {
    root: globals.root === undefined ? `${folders.run}/oci` : hostPath("root", globals.root),
    keeper: ownPrograms().keeper,
    keeperFolder: folders.root,
    warn: (message) => logMessage(log, "warning", message),
    debug: (message) => logMessage(log, "debug", message),
  };
}

/** podman gives its runtime an environment without HOME: the keeper can lie where the states are, too. */
function withDataHome(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { HOME, XDG_RUNTIME_DIR } = env;
  if (HOME !== undefined || XDG_RUNTIME_DIR === undefined) return env;
  return { XDG_DATA_HOME: XDG_RUNTIME_DIR, ...env };
}

async function load(command: string): Promise<(call: OciCall) => number | Promise<number>> {
  switch (command) {
    case "checkpoint":
      return (await import("./oci-checkpoint.ts")).ociCheckpoint;
    case "restore":
      return (await import("./oci-restore.ts")).ociRestore;
    case "create":
      return (await import("./oci-create.ts")).ociCreate;
    case "delete":
      return (await import("./oci-delete.ts")).ociDelete;
    case "exec":
      return (await import("./oci-exec.ts")).ociExec;
    case "kill":
      return (await import("./oci-kill.ts")).ociKill;
    case "run":
      return (await import("./oci-run.ts")).ociRun;
    case "start":
      return (await import("./oci-start.ts")).ociStart;
    case "state":
      return (await import("./oci-state.ts")).ociState;
    case "list":
      return (await import("./oci-list.ts")).ociList;
    case "ps":
      return (await import("./oci-ps.ts")).ociPs;
    case "pause":
      return (await import("./oci-pause.ts")).ociPause;
    case "resume":
      return (await import("./oci-pause.ts")).ociResume;
    case "update":
      return (await import("./oci-update.ts")).ociUpdate;
    case "events":
      return (await import("./oci-events.ts")).ociEvents;
    case "spec":
      return (await import("./oci-spec.ts")).ociSpec;
    case "mounts":
      return (await import("./oci-mounts.ts")).ociMounts;
    case "features":
      return (await import("./oci-features.ts")).ociFeatures;
    default:
      throw await unknown(command);
  }
}

async function unknown(command: string): Promise<HuskError> {
  const { unknownAmong } = await import("../unknown-command.ts");
  return unknownAmong("husk oci", command, Object.keys(OCI_COMMANDS));
}
