import { capabilityNames } from "../../security/index.ts";
import { rlimitNumbers } from "../process/rlimits.ts";
import {
  type Json,
  absolute,
  asObject,
  expected,
  flag,
  integer,
  list,
  need,
  object,
  refuse,
  strings,
  text,
  uint16,
  uint32,
  uint64,
} from "./field.ts";
import { checkScheduling } from "./scheduling.ts";

/** Checks `process`. */
export function checkProcess(process: Json): void {
  flag(process, "terminal", "process");
  const size = object(process, "consoleSize", "process");
  if (size !== undefined) {
    const at = "process.consoleSize";
    need(integer(size, "height", at, 0, uint16), at, "height");
    need(integer(size, "width", at, 0, uint16), at, "width");
  }
  checkUser(need(object(process, "user", "process"), "process", "user"));

  const args = need(strings(process, "args", "process"), "process", "args");
  if (args.length === 0) refuse("process.args", "is empty: it names the program to run");
  const env = strings(process, "env", "process");
  if (env !== undefined) {
    for (let i = 0; i < env.length; i++) {
      if ((env[i] as string).indexOf("=") <= 0) expected(`process.env[${i}]`, "NAME=value", env[i]);
    }
  }
  need(absolute(process, "cwd", "process"), "process", "cwd");

  const capabilities = object(process, "capabilities", "process");
  if (capabilities !== undefined) checkCapabilities(capabilities);
  const rlimits = list(process, "rlimits", "process");
  if (rlimits !== undefined) checkRlimits(rlimits);
  flag(process, "noNewPrivileges", "process");
  text(process, "apparmorProfile", "process");
  text(process, "selinuxLabel", "process");
  integer(process, "oomScoreAdj", "process", -1000, 1000);
  checkScheduling(process);
}

/** 2^32-1 means "leave as it is" to setresuid(2) and would keep root: it is no id. */
const highestId = uint32 - 1;

function checkUser(user: Json): void {
  const at = "process.user";
  need(integer(user, "uid", at, 0, highestId), at, "uid");
  need(integer(user, "gid", at, 0, highestId), at, "gid");
  integer(user, "umask", at, 0, 0o777);
  const groups = list(user, "additionalGids", at);
  if (groups === undefined) return;
  for (let i = 0; i < groups.length; i++) {
    const gid = groups[i] as number;
    if (!Number.isInteger(gid) || gid < 0 || gid > highestId) {
      expected(`${at}.additionalGids[${i}]`, `an integer from 0 to ${highestId}`, gid);
    }
  }
}

const capabilitySets = ["bounding", "effective", "inheritable", "permitted", "ambient"];

function checkCapabilities(capabilities: Json): void {
  const at = "process.capabilities";
  for (const set of capabilitySets) {
    const names = strings(capabilities, set, at);
    if (names === undefined) continue;
    for (let i = 0; i < names.length; i++) {
      if (!capabilityNames.includes(names[i] as string)) {
        expected(`${at}.${set}[${i}]`, "the name of a capability, such as CAP_CHOWN", names[i]);
      }
    }
  }
}

function checkRlimits(rlimits: unknown[]): void {
  let seen = 0;
  for (let i = 0; i < rlimits.length; i++) {
    const at = `process.rlimits[${i}]`;
    const rlimit = asObject(rlimits[i], at);
    const type = need(text(rlimit, "type", at), at, "type");
    const number = Object.hasOwn(rlimitNumbers, type) ? rlimitNumbers[type] : undefined;
    if (number === undefined) expected(`${at}.type`, "the name of a limit, such as RLIMIT_NOFILE", type);
    if (seen & (1 << number)) refuse(`${at}.type`, `${type} is given twice`);
    seen |= 1 << number;
    const hard = need(integer(rlimit, "hard", at, 0, uint64), at, "hard");
    const soft = need(integer(rlimit, "soft", at, 0, uint64), at, "soft");
    if (soft > hard) refuse(`${at}.soft`, `${soft} is above the hard limit ${hard}`);
  }
}
