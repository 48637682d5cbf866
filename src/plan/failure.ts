import { HuskError, type ErrorCode } from "../platform/error.ts";
import { errnoName, errnos, errnoWords } from "./errno.ts";
import type { List, Operation, Plan, Step } from "./plan.ts";
import type { Report } from "./report.ts";

/** Which operation of a plan failed, and the step it belongs to. */
export interface Failure {
  readonly operation: Operation;
  readonly step: Step;
  readonly process: string;
  readonly report: Report;
}

/** Finds what a report's ordinal stands for. */
export function findFailure(
  plan: Plan,
  operations: readonly Operation[],
  report: Report,
): Failure | undefined {
  const operation = operations[report.ordinal];
  if (operation === undefined) return undefined;
  const inStep = (list: List): Failure | undefined => {
    for (const step of list.steps) {
      for (const candidate of step.operations) {
        if (contains(candidate, operation)) return { operation, step, process: list.process, report };
        if (candidate.kind === "clone" || candidate.kind === "init") {
          const inner = inStep(candidate.list);
          if (inner !== undefined) return inner;
        }
      }
    }
    return undefined;
  };
  return (
    inStep(plan.keeper) ??
    inStep(plan.cleanup) ??
    (plan.leaving === undefined ? undefined : inStep(plan.leaving))
  );
}

function contains(candidate: Operation, operation: Operation): boolean {
  return (
    candidate === operation ||
    (candidate.kind === "when" && candidate.body.some((inner) => contains(inner, operation)))
  );
}

/** A failed call as rooms look at it, to say what mends it. */
export interface FailedCall {
  readonly call: string;
  /** Its name, such as `EPERM`. */
  readonly errno: string;
  /** What the call was about, if it said so. */
  readonly object?: string | undefined;
}

/** What a room knows about a failed call; undefined: nothing. */
export type RoomHint = (failed: FailedCall) => string | undefined;

/** The step's words, the call, the kernel's words: `own /proc: fsmount: operation not permitted (EPERM)`. */
export function failureError(failure: Failure, roomHint: RoomHint = () => undefined): HuskError {
  const { operation, step, report } = failure;
  const call =
    operation.kind === "call" ? operation.name : operation.kind === "clone" ? "clone3" : operation.kind;
  const object = operation.object === undefined ? "" : ` ${operation.object}`;
  const reason =
    operation.kind === "wait"
      ? `it ended with ${waitWords(report.detail)}`
      : `${errnoWords(report.errno)} (${errnoName(report.errno)})`;
  return new HuskError(
    errorCode(report.errno),
    `${step.title}: ${call}${object}: ${reason}`,
    hintFor({ call, errno: errnoName(report.errno), object: operation.object }, roomHint),
  );
}

function waitWords(status: number): string {
  return (status & 0x7f) !== 0 ? `signal ${status & 0x7f}` : `exit status ${(status >> 8) & 0xff}`;
}

function errorCode(errno: number): ErrorCode {
  if (errno === errnos.EPERM || errno === errnos.EACCES) return "denied";
  if (errno === errnos.ENOSYS || errno === errnos.ENODEV || errno === errnos.EOPNOTSUPP) return "unavailable";
  if (errno === errnos.ENOENT) return "not-found";
  return "failed";
}

const noDevicePrograms =
  "cgroup v2 checks devices by a program: the kernel needs CONFIG_CGROUP_BPF, husk CAP_SYS_ADMIN and a seccomp filter that allows bpf(2)";

const hints: Readonly<Record<string, string>> = {
  "mkdirat EEXIST": "a container with this id or control group exists: choose another, or end that one",
  "clone3 EPERM":
    "run husk as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces); husk check tells more",
  "clone3 ENOSPC": "a limit of user.max_*_namespaces is reached (sysctl user)",
  "clone3 EAGAIN": "the limit of processes is reached (ulimit -u, pids.max of husk's own control group)",
  "clone3 EUSERS": "namespaces are nested too deeply (32 at most)",
  "setresuid EINVAL": "the id is not mapped in the user namespace (see --uidmap)",
  "setresgid EINVAL": "the id is not mapped in the user namespace (see --gidmap)",
  "prlimit64 EPERM": "raising a hard limit needs CAP_SYS_RESOURCE",
  "seccomp EACCES": "loading a filter needs CAP_SYS_ADMIN or no_new_privs",
  "bpf EPERM": noDevicePrograms,
  "bpf EINVAL": noDevicePrograms,
  "bpf ENOSYS": noDevicePrograms,
  "openat2 ENOSYS": "husk needs Linux 5.6 or newer",
  "fsopen ENOSYS": "husk needs Linux 5.2 or newer",
  "keep ENOSPC": "make room in the folder of --root: without an exit record nobody would learn of the end",
  "clone3 ENOSYS": "husk needs Linux 5.3 or newer; an outer seccomp filter may forbid it",
};

function hintFor(failed: FailedCall, roomHint: RoomHint): { hint?: string } {
  const hint = roomHint(failed) ?? hints[`${failed.call} ${failed.errno}`];
  return hint === undefined ? {} : { hint };
}
