import type { Clone, List, Plan, Step } from "./plan.ts";

/** What a script needs to know besides the plan. */
export interface ShellFacts {
  readonly id: string;
  /** The folder that becomes the root; empty if the script makes one. */
  readonly rootfs: string;
  /** The command that was explained, for the head of the script. */
  readonly command: string;
  /** unshare(1)'s options for id maps, if there is a user namespace. */
  readonly mapOptions: readonly string[];
}

const CLONE_NEWCGROUP = 0x2000000;

/** unshare(1)'s option for each CLONE_NEW* flag. */
const unshareOptions: readonly (readonly [number, string])[] = [
  [0x10000000, "--user"],
  [0x20000, "--mount --propagation unchanged"],
  [0x4000000, "--uts"],
  [0x8000000, "--ipc"],
  [0x40000000, "--net"],
  [0x20000000, "--pid --kill-child=KILL"],
  [0x80, "--time"],
];

/**
 * The plan as a shell script that makes the same container with unshare(1), mount(8), pivot_root(8) and files of
 * control groups. What a shell cannot do stands there as a comment.
 */
export function planAsShell(plan: Plan, facts: ShellFacts): string {
  const clone = findClone(plan.keeper);
  const container = clone.list;
  const cut = container.steps.findIndex(makesCgroupNamespace);
  const before = container.steps.slice(0, Math.max(cut, 0));
  const inside = container.steps.slice(cut + 1);
  const flags = new Int32Array(clone.args.bytes.buffer)[0] as number;
  const options = unshareOptions.filter(([flag]) => (flags & flag) !== 0).map(([, option]) => option);
  if (cut >= 0) options.push("--cgroup");
  options.push(...facts.mapOptions, "--fork");
  const lines = [
    "#!/bin/sh",
    `# ${facts.command}`,
    "# The same container by hand: run this script as the same user.",
    "set -eu",
    `ID=${quote(facts.id)}`,
    facts.rootfs === "" ? "ROOTFS=$(mktemp -d)" : `ROOTFS=${quote(facts.rootfs)}`,
    "export ID ROOTFS",
    "",
    "# ---- outside: on the host",
    ...stepLines(plan.keeper.steps),
    "",
    "# ---- inside: in the new namespaces",
    'INSIDE=$(cat <<"END_OF_INSIDE"',
    "set -eu",
    "SETPRIV=",
    ...stepLines(inside),
    "END_OF_INSIDE",
    ")",
    "",
    "# ---- afterwards",
    "afterwards() {",
    "  set +e",
    ...(facts.rootfs === "" ? ['  rmdir "$ROOTFS"'] : []),
    ...stepLines(plan.cleanup.steps).map((line) => (line === "" ? "" : `  ${line}`)),
    "}",
    "trap afterwards EXIT",
    "",
    "# ---- go",
    "status=0",
    "START=$(cat <<\"END_OF_START\"",
    "set -eu",
    ...stepLines(before),
    `exec unshare ${options.join(" ")} -- /bin/sh -c "$INSIDE" sh`,
    "END_OF_START",
    ")",
    "export INSIDE",
    '/bin/sh -c "$START" || status=$?',
    "exit $status",
  ];
  return `${lines.join("\n")}\n`;
}

/** Quotes a word for the shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function stepLines(steps: readonly Step[]): string[] {
  const lines: string[] = [];
  for (const step of steps) {
    lines.push("", `# ${step.title} — ${step.why}`.replaceAll("\n", " "));
    lines.push(step.shell === undefined ? "#   (a shell has no command for this)" : step.shell());
  }
  return lines;
}

function makesCgroupNamespace(step: Step): boolean {
  return step.operations.some(
    (operation) => operation.kind === "call" && operation.name === "unshare" && operation.args[0] === CLONE_NEWCGROUP,
  );
}

/** The clone that makes the container's process; it may stand in the list of a process in between. */
function findClone(list: List): Clone {
  for (const step of list.steps) {
    for (const operation of step.operations) {
      if (operation.kind !== "clone" || operation.list.process === "newuidmap" || operation.list.process === "newgidmap") continue;
      if (operation.list.process === "container") return operation;
      return findClone(operation.list);
    }
  }
  throw new Error("a plan without a container");
}
