import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";

const TRAP = 0x00030000;
const ERRNO = 0x00050000;
const TRACE = 0x7ff00000;
const LOG = 0x7ffc0000;
const NOTIFY = 0x7fc00000;
const ALLOW = 0x7fff0000;
const EPERM = 1;
const ENOSYS = 38;

/** What a filter returns to end the whole process (linux/seccomp.h). */
export const killProcess = 0x80000000 | 0;
/** What it returns so that the caller believes this kernel does not have the call. */
export const noSuchCall = ERRNO | ENOSYS;

/**
 * The filter's return value for an action: the action in the high 16 bits, its data in the low ones.
 * Undefined if there is no such action, or it cannot carry `errnoRet`: {@link actionError} says why.
 *
 * @param errnoRet what ERRNO returns (0 to 4095) or TRACE tells the tracer (0 to 65535); EPERM if absent
 */
export function returnValue(action: string, errnoRet: number | undefined): number | undefined {
  switch (action) {
    case "SCMP_ACT_ERRNO":
      return withData(ERRNO, errnoRet ?? EPERM, 4095);
    case "SCMP_ACT_TRACE":
      return withData(TRACE, errnoRet ?? EPERM, 0xffff);
  }
  if (errnoRet !== undefined) return undefined;
  switch (action) {
    case "SCMP_ACT_ALLOW":
      return ALLOW;
    case "SCMP_ACT_LOG":
      return LOG;
    case "SCMP_ACT_NOTIFY":
      return NOTIFY;
    case "SCMP_ACT_TRAP":
      return TRAP;
    case "SCMP_ACT_KILL":
    case "SCMP_ACT_KILL_THREAD":
      return 0;
    case "SCMP_ACT_KILL_PROCESS":
      return killProcess;
  }
  return undefined;
}

function withData(action: number, data: number, most: number): number | undefined {
  return Number.isInteger(data) && data >= 0 && data <= most ? action | data : undefined;
}

/** Orders actions as the kernel does: what is less is stricter and wins over what is more. */
export function strictness(value: number): number {
  return value >> 16;
}

/** Whether calls with this action are carried out, or may be (a tracer decides). */
export function isPermissive(value: number): boolean {
  return strictness(value) >= strictness(TRACE);
}

const actions = [
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_TRAP",
];

/** Why {@link returnValue} knows no value. `actionPath` and `errnoPath` are the fields' JSON paths. */
export function actionError(
  action: unknown,
  errnoRet: unknown,
  actionPath: string,
  errnoPath: string,
): HuskError {
  if (typeof action !== "string" || !actions.includes(action)) {
    const close = typeof action === "string" ? nearest(action, actions) : undefined;
    return new HuskError("invalid", `${actionPath}: unknown action ${JSON.stringify(action) ?? "(none)"}`, {
      hint: close === undefined ? `known are ${actions.join(", ")}` : `did you mean ${close}?`,
    });
  }
  if (action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE") {
    const most = action === "SCMP_ACT_ERRNO" ? 4095 : 65535;
    const got = JSON.stringify(errnoRet);
    return new HuskError("invalid", `${errnoPath}: expected an integer from 0 to ${most}, got ${got}`);
  }
  // config-linux.md: "When the action doesn't support an errno, the runtime MUST print and error and fail."
  return new HuskError("invalid", `${errnoPath}: ${action} returns no error number`, {
    hint: `remove it, or use SCMP_ACT_ERRNO`,
  });
}
