import type { Group } from "../cgroup/index.ts";
import { Clone, CLONE_ARGS_CGROUP, cloneArgs, List, quote, setHighFlag } from "../plan/index.ts";
import { dieWithKeeper, openSelf } from "../runtime/process/lifetime.ts";
import type { HandPlan } from "./hand-plan.ts";
import { keeperDiesWithCaller } from "./lifetime.ts";
import { becomeProgram, keepProgram, programOrShell } from "./program.ts";

const AT_FDCWD = -100;
const O_WRONLY_CLOEXEC = 0o2000001;
const O_PATH_CLOEXEC = 0o12000000;
const CLONE_INTO_CGROUP_BIT = 33;

/**
 * `cgroup exec`: a program in a control group from before its first instruction (cgexec(1)).
 *
 * In v2 it is born in the group; in v1 it writes itself into it. husk and its keeper stay outside.
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
  const args = cloneArgs(0);
  keeper.step("open the group", "with husk's rights, before the program's process exists", () => "# open(2)");
  const tasks = [];
  for (const { path, hierarchy } of places) {
    if (hierarchy.version === 2) {
      setHighFlag(args, CLONE_INTO_CGROUP_BIT);
      keeper.store(
        keeper.call("openat", AT_FDCWD, path, O_PATH_CLOEXEC, 0).about(path),
        args,
        CLONE_ARGS_CGROUP,
        "u64",
      );
    } else {
      const file = `${path}/tasks`;
      tasks.push({ path, fd: keeper.call("openat", AT_FDCWD, file, O_WRONLY_CLOEXEC, 0).about(file) });
    }
  }
  const unified = places.find(({ hierarchy }) => hierarchy.version === 2);
  keeper.step(
    unified === undefined ? "new process" : `new process in ${unified.path}`,
    "it becomes the program",
    () => "# fork(2)",
  );
  const clone = keeper.add(new Clone(args, program));
  clone.object = unified?.path;
  program.step("enter the group", "limits hold before the program's first instruction", () =>
    places
      .map(
        ({ path, hierarchy }) =>
          `echo 0 > ${quote(`${path}/${hierarchy.version === 2 ? "cgroup.procs" : "tasks"}`)}`,
      )
      .join("\n"),
  );
  for (const { path, fd } of tasks)
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
