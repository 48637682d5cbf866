import { accessSync, constants } from "node:fs";
import type { Group } from "../cgroup/index.ts";
import { Clone, cloneArgs, List, quote } from "../plan/index.ts";
import { dieWithKeeper, openSelf } from "../runtime/process/lifetime.ts";
import type { HandPlan } from "./hand-plan.ts";
import { keeperDiesWithCaller } from "./lifetime.ts";
import { becomeProgram, keepProgram, programOrShell } from "./program.ts";

const AT_FDCWD = -100;
const O_WRONLY_CLOEXEC = 0o2000001;

/**
 * `cgroup exec`: a program in a control group from before its first instruction (cgexec(1)).
 *
 * Its process writes itself into the group, through files that were opened with husk's rights: husk and its keeper
 * stay outside. (To be born in it by CLONE_INTO_CGROUP is quicker, but a kernel of 6.18 was seen to kill at birth who
 * is cloned into a group whose cgroup.kill was ever used.)
 */
export function planCgroupExec(
  places: readonly Group[],
  command: readonly string[],
  callerPid: number,
): HandPlan {
  const keeper = new List("keeper");
  const program = new List("program");
  const self = openSelf(keeper);
  keeperDiesWithCaller(keeper, callerPid);
  keeper.step("open the group", "with husk's rights, before the program's process exists", () => "# open(2)");
  const files = places.map(({ path, hierarchy }) => {
    // A process without threads may use `tasks`, which takes microseconds where `cgroup.procs` takes milliseconds;
    // a group that was handed over may have another owner for each.
    const usesTasks = hierarchy.version === 1 && mayWrite(`${path}/tasks`);
    const file = `${path}/${usesTasks ? "tasks" : "cgroup.procs"}`;
    return { path, file, fd: keeper.call("openat", AT_FDCWD, file, O_WRONLY_CLOEXEC, 0).about(file) };
  });
  keeper.step("new process", "it becomes the program", () => "# fork(2)");
  const clone = keeper.add(new Clone(cloneArgs(0), program));
  program.step("enter the group", "limits hold before the program's first instruction", () =>
    files.map(({ file }) => `echo 0 > ${quote(file)}`).join("\n"),
  );
  for (const { path, fd } of files)
    program.call("write", fd, "0", 1).expect(1).about(`itself into "${path}"`);
  dieWithKeeper(program, self);
  becomeProgram(program, programOrShell(command));
  keepProgram(keeper, clone);
  return {
    plan: { keeper, cleanup: new List("afterwards"), exports: new Map() },
    shell: () =>
      `${places.map(({ path }) => `echo $$ > ${quote(`${path}/cgroup.procs`)}`).join("\n")}\nexec ${command.map(quote).join(" ")}\n`,
  };
}

function mayWrite(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
