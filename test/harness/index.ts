// What system tests are written with.
export { type Bundle, type Config, makeBundle, makeRootfs } from "./bundle.ts";
export { type CommandOptions, type Result, type Running, run, shell, start } from "./command.ts";
export { type Engine, engine, husk, huskOciPath, huskPath, repository, startHusk } from "./husk.ts";
export { cgroupVersion, findCommand, isRoot, isSoak, missing, type Needs, needs } from "./needs.ts";
export { compile, compileFor, program32 } from "./compile.ts";
export { makeJail } from "./jail.ts";
export {
  allProcesses,
  commandLine,
  descendants,
  isAlive,
  isAsleep,
  namespaceOf,
  procFile,
  type ProcessStat,
  processStat,
  processStatus,
} from "./process.ts";
export {
  comparable,
  compareRuntimes,
  huskOciScript,
  huskRuntime,
  type OciRuntime,
  runcRuntime,
} from "./oci.ts";
export { temporaryFile, temporaryFolder } from "./temporary.ts";
export { openTerminal, type TerminalSession } from "./terminal.ts";
export { asUser, findUser, type User, userWithoutRanges, userWithRanges } from "./user.ts";
export { waitFor } from "./wait-for.ts";
