import { type Clone, type Init, type List, quote, type Step } from "../../plan/index.ts";
import type { ContainerRequest } from "../container-request.ts";
import type { PlannedContainer } from "../plan-container.ts";
import { enterShell } from "./enter.ts";
import { finishShell } from "./finish.ts";
import { idAsVariable } from "./id-variable.ts";
import { PLACE } from "./place.ts";
import { calls, has, stepHead, stepLines } from "./step-lines.ts";

/**
 * A planned container as a shell script that makes the same one by unshare(1), nsenter(1), mount(8), pivot_root(8)
 * and files of control groups; setpriv(1) and prlimit(1) do the rest where they are installed. Each step of the plan
 * stands there with its title and reason; what a shell cannot do, as a comment.
 *
 * The script has three parts, for three processes: the script itself stays on the host and clears up, a subshell
 * enters the control groups and becomes unshare(1), and `$INSIDE` runs in the new namespaces.
 *
 * @param command the command line it stands for
 */
export function containerAsShell(
  planned: PlannedContainer,
  request: ContainerRequest,
  command: string,
): string {
  const { keeper, cleanup } = planned.plan;
  const made = findClone(keeper);
  const { list } = made.clone;
  const cut = list.steps.findIndex((step) => calls(step, "unshare"));
  const entering = list.steps.slice(0, Math.max(cut, 0));
  const inside = [...list.steps.slice(cut + 1), ...programSteps(list)];
  const outside = keeper.steps.filter((step) => step !== made.step && !has(step, "keep"));
  const isComposed = request.root.kind !== "directory" && inside.some((step) => calls(step, "pivot_root"));
  const holds = outside.some((step) => step.shell?.().includes("HOLDER=") === true);

  const body = insideLines(inside, request);
  const end = delimiter(body);
  const lines = [
    ...head(command),
    `ID=${quote(request.id)}`,
    isComposed ? "ROOTFS=$(mktemp -d /tmp/husk.XXXXXX)" : `ROOTFS=${quote(directoryOf(request))}`,
    "export ID ROOTFS",
    "",
    "# ---- afterwards, however it ends",
    "afterwards() {",
    "  set +e",
    ...indent(
      cleanup.steps
        .filter((step) => step.shell !== undefined)
        .flatMap(stepLines)
        .slice(1),
    ),
    ...(holds ? ['  [ -z "${HOLDER-}" ] || kill "$HOLDER" 2> /dev/null'] : []),
    ...(isComposed ? ['  rmdir "$ROOTFS"'] : []),
    "}",
    "trap afterwards EXIT",
    "trap : HUP INT TERM # the program is told too, and its end is waited for",
    "",
    "# ---- on the host",
    ...outside.flatMap(stepLines),
    "",
    "# ---- in the new namespaces: run below",
    `INSIDE=$(cat << "${end}"`,
    ...body,
    end,
    ")",
    "",
    "# ---- go",
    ...stepHead(made.step),
    "(",
    ...indent([...[...made.joining, ...entering].flatMap(stepLines), ""].slice(1)),
    ...indent(enterShell(made.clone, request, cut >= 0)),
    ")",
    ...keeper.steps.filter((step) => has(step, "keep")).flatMap(stepLines),
  ];
  return idAsVariable(`${lines.join("\n")}\n`, request.id);
}

function head(command: string): string[] {
  return [
    "#!/bin/sh",
    `# ${command.replaceAll("\n", "\\n")}`,
    "#",
    "# The same container by hand. Run it as the same user, from a file or by sh -c: in `… | sh` the script itself",
    "# would be the program's standard input. A root file system of somebody else's is better left to husk, which",
    "# keeps its symbolic links from leading out of it at every step.",
    "set -eu",
    "umask 022",
    "PATH=$PATH:/usr/sbin:/sbin",
  ];
}

/** The folder that becomes the root; husk's own root where none is changed. */
function directoryOf({ root }: ContainerRequest): string {
  return root.kind === "directory" ? root.path : "/";
}

function insideLines(steps: readonly Step[], request: ContainerRequest): string[] {
  const isLast = (step: Step): boolean =>
    calls(step, "pivot_root") || calls(step, "chroot") || has(step, "exec");
  const lines = steps.filter((step) => !isLast(step)).flatMap(stepLines);
  const text = lines.join("\n");
  return [
    "set -eu",
    ...["SETPRIV", "PRLIMIT"].filter((name) => text.includes(`${name}="$`)).map((name) => `${name}=`),
    ...(text.includes("$(place ") || request.spec.process.terminal ? PLACE : []),
    ...lines,
    "",
    ...finishShell(steps, request),
  ];
}

/** A line that ends the here-document and stands nowhere in it. */
function delimiter(lines: readonly string[]): string {
  const text = lines.join("\n").split("\n");
  let word = "END_OF_INSIDE";
  while (text.includes(word)) word += "_";
  return word;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}

/** With an init, the program has a list of its own. */
function programSteps({ steps }: List): readonly Step[] {
  const init = steps.flatMap(({ operations }) => operations).find((one): one is Init => one.kind === "init");
  return init === undefined ? [] : init.list.steps;
}

interface Made {
  readonly clone: Clone;
  /** The keeper's step that makes the container. */
  readonly step: Step;
  /** Steps of a process in between, which joins namespaces. */
  readonly joining: readonly Step[];
}

/** The clone that makes the container's process. */
function findClone(keeper: List): Made {
  for (const step of keeper.steps) {
    for (const clone of step.operations) {
      if (clone.kind !== "clone") continue;
      if (clone.list.process === "container") return { clone, step, joining: [] };
      if (clone.list.process !== "joiner") continue;
      const { clone: inner, step: last } = findClone(clone.list);
      return { clone: inner, step, joining: clone.list.steps.filter((one) => one !== last) };
    }
  }
  throw new Error("a plan without a container");
}
