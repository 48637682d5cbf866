import { Clone, cloneArgs, List, Memory, type Result, Wait } from "../plan/index.ts";
import type { ContainerRequest } from "./container-request.ts";
import { openPipe } from "./process/pipes.ts";
import { type HookState, openHookOutput, runHooks } from "./process/hooks.ts";

/** A container's hooks, each to be put where it belongs (runtime.md, "Lifecycle"). */
export interface PlannedHooks {
  /** In the container's list, with its namespaces and mounts made and its root not changed yet. */
  inContainer(container: List): void;
  /** In the keeper's list: while the container waits in {@link inContainer}. */
  beforeRoot(pid: Result): void;
  /** In the container's list, just before the program. */
  beforeProgram(container: List): void;
  /** In the keeper's list, when the program runs, or to wait until it does. */
  started(pid: Result): void;
  /** Where the container has to tell of a failure, so that {@link started} does not take its end for the program's start. */
  readonly complaints: Result | undefined;
}

/** Prepares the hooks of a configuration, before the container's process is cloned. */
export function prepareHooks(
  keeper: List,
  cleanup: List,
  exports: Map<string, Memory>,
  request: ContainerRequest,
): PlannedHooks {
  const { hooks = {} } = request.spec;
  const state = hookStateOf({ ...request.spec, id: request.id, bundle: request.bundle });
  const directory = request.bundle;
  const output = openHookOutput(keeper, cleanup, exports);
  if (hooks.poststop?.length)
    runHooks(cleanup, {
      kind: "poststop",
      hooks: hooks.poststop,
      state,
      status: "stopped",
      directory,
      output,
    });
  const outside = [...(hooks.prestart ?? []), ...(hooks.createRuntime ?? [])].length > 0;
  const [asks, goes] = outside ? [openPipe(keeper), openPipe(keeper)] : [undefined, undefined];
  // Closed by exec; in a handover the parting does the same.
  const begun = hooks.poststart?.length && request.handover === undefined ? openPipe(keeper) : undefined;
  return {
    complaints: begun?.write,
    inContainer(container) {
      if (asks !== undefined && goes !== undefined) {
        container.step(
          "wait for hooks",
          "they run outside, while the container has its mounts and not yet its root",
        );
        container.call("close", goes.write);
        container.call("write", asks.write, "+", 1).expect(1).about("the keeper, which is gone");
        container.call("read", goes.read, new Memory(1), 1).expect(1).about("the keeper, which is gone");
      }
      if (!hooks.createContainer?.length) return;
      container.step("own process id", "for the hooks");
      const pid = container.call("getpid");
      const run = { hooks: hooks.createContainer, state, pid, directory, output };
      runHooks(container, { kind: "createContainer", status: "creating", ...run });
    },
    beforeRoot(pid) {
      if (asks === undefined || goes === undefined) return;
      keeper.step("let hooks run", "the container waits for them");
      keeper.call("close", asks.write);
      keeper.call("read", asks.read, new Memory(1), 1).expect(1).about("the container, which is gone");
      const run = { state, status: "creating", pid, directory, output };
      runHooks(keeper, { kind: "prestart", hooks: hooks.prestart ?? [], ...run });
      runHooks(keeper, { kind: "createRuntime", hooks: hooks.createRuntime ?? [], ...run });
      keeper.call("write", goes.write, "+", 1).expect(1);
    },
    beforeProgram(container) {
      if (!hooks.startContainer?.length) return;
      container.step("own process id", "for the hooks");
      const pid = container.call("getpid");
      // The container's limit of open files holds already, and what the set-up opened is more than many a limit.
      const runner = new List("hooks");
      runner.step("run them with nothing else open", "the program's limit of open files is theirs too");
      runner.call("close_range", 3 + (request.preserve ?? 0), -1, 0).accept("ENOSYS");
      runHooks(runner, {
        kind: "startContainer",
        hooks: hooks.startContainer,
        state,
        status: "created",
        pid,
      });
      const running = container.add(new Clone(cloneArgs(0), runner));
      container.add(new Wait(running, 0)).object = "the startContainer hooks";
    },
    started(pid) {
      if (!hooks.poststart?.length) return;
      if (begun !== undefined) {
        keeper.step("wait for the program", "hooks that follow its start come after it");
        keeper.call("close", begun.write);
        keeper.call("read", begun.read, new Memory(1), 1).expect(0);
      }
      const run = { hooks: hooks.poststart, state, pid, directory, output };
      runHooks(keeper, { kind: "poststart", status: "running", ...run });
    },
  };
}

/** What is told of a container to its hooks. */
export function hookStateOf({ ociVersion, id, bundle, annotations }: HookState): HookState {
  return { ociVersion, id, bundle, ...(annotations === undefined ? {} : { annotations }) };
}
