import { List } from "../../plan/index.ts";
import { hookStateOf } from "../plan-hooks.ts";
import { runHooks } from "../process/hooks.ts";
import type { Runtime } from "./create.ts";
import { performList } from "./small-plan.ts";
import type { Container } from "./state.ts";

/** Runs the hooks after a container's start or end, in this process's namespaces. */
export async function runLaterHooks(
  runtime: Runtime,
  { state, process }: Container,
  kind: "poststart" | "poststop",
): Promise<void> {
  const hooks = state.hooks?.[kind];
  if (!hooks?.length) return;
  const list = new List(kind);
  runHooks(list, {
    kind,
    hooks,
    state: hookStateOf(state),
    status: kind === "poststart" ? "running" : "stopped",
    pid: kind === "poststart" ? process?.pid : undefined,
    directory: state.bundle,
  });
  await performList(runtime, list);
}
