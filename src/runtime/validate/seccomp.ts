import {
  asObject,
  exactInteger,
  integer,
  type Json,
  list,
  need,
  oneOf,
  refuse,
  strings,
  text,
} from "./field.ts";

const actions = [
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",
];
const operators = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
];

/**
 * Checks the shape of `linux.seccomp`. Names of system calls, architectures and flags are known, and
 * checked, where the filter is compiled.
 */
export function checkSeccomp(seccomp: Json): void {
  const at = "linux.seccomp";
  action(seccomp, "defaultAction", at);
  integer(seccomp, "defaultErrnoRet", at, 0, 4095);
  strings(seccomp, "architectures", at);
  strings(seccomp, "flags", at);
  text(seccomp, "listenerPath", at);
  text(seccomp, "listenerMetadata", at);
  const rules = list(seccomp, "syscalls", at);
  if (rules === undefined) return;
  for (let i = 0; i < rules.length; i++) checkRule(rules[i], `${at}.syscalls[${i}]`);
}

function checkRule(value: unknown, at: string): void {
  const rule = asObject(value, at);
  const names = need(strings(rule, "names", at), at, "names");
  if (names.length === 0) refuse(`${at}.names`, "is empty");
  action(rule, "action", at);
  // TRACE carries 16 bits for the tracer in the same field.
  integer(rule, "errnoRet", at, 0, rule.action === "SCMP_ACT_TRACE" ? 0xffff : 4095);
  const args = list(rule, "args", at);
  if (args === undefined) return;
  for (let i = 0; i < args.length; i++) {
    const path = `${at}.args[${i}]`;
    const arg = asObject(args[i], path);
    need(integer(arg, "index", path, 0, 5), path, "index");
    need(exactInteger(arg, "value", path), path, "value");
    exactInteger(arg, "valueTwo", path);
    need(oneOf(arg, "op", path, operators), path, "op");
  }
}

function action(from: Json, key: string, at: string): void {
  need(oneOf(from, key, at, actions), at, key);
}
