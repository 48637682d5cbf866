import { quote, type Step } from "../../plan/index.ts";
import type { ContainerRequest } from "../container-request.ts";
import { setarchArguments } from "../process/personality.ts";
import { calls, stepHead } from "./step-lines.ts";

/**
 * A function that tells how to start a program of the host after `pivot_root`: by its loader, with paths that are
 * relative to the host's /usr, which may be a mount of its own. No root file system needs a program for the sake of the
 * script.
 */
const HOST =
  `# host PROGRAM: how to start a program of the host when its tree is gone. Unmounted lazily, it is still there for
# whoever stands in it, and that is this shell, in /usr, until env(1) enters the container's working directory.
from_usr() { readlink -f "$@" | sed 's|^/usr/|./|; s|^/|../|'; }
host() {
  program=$(command -v "$1")
  libraries=$(ldd "$program" 2> /dev/null || :)
  loader=$(echo "$libraries" | sed -n 's|^[[:space:]]*\\(/[^ ]*\\) (.*|\\1|p')
  if [ -n "$loader" ]; then
    folders=$(echo "$libraries" | sed -n 's|^.* => \\(/.*\\)/[^/]* (.*|\\1|p')
    printf '%s --library-path %s ' "$(from_usr "$loader")" "$(from_usr $folders | sort -u | tr '\\n' :)"
  fi
  from_usr "$program"
}`.split("\n");

/** The end of `$INSIDE`: the root is changed, the power given away, the program executed. */
export function finishShell(steps: readonly Step[], request: ContainerRequest): string[] {
  const { process, linux } = request.spec;
  const pivot = steps.find((step) => calls(step, "pivot_root"));
  const chroot = steps.find((step) => calls(step, "chroot"));
  const tool = (name: string): string => (pivot === undefined ? name : `$(host ${name})`);

  const lines: string[] = pivot === undefined ? [] : [...HOST, "UMOUNT=$(host umount) ENV=$(host env)"];
  const wrappers: string[] = [];
  if ((process.rlimits ?? []).length > 0) {
    lines.push(
      ...ifThere("prlimit", `PRLIMIT="${tool("prlimit")} $PRLIMIT"`, "limits of processes stay as they are"),
    );
    wrappers.push("$PRLIMIT");
  }
  const setarch = linux.personality === undefined ? [] : setarchArguments(linux.personality);
  if (setarch.length > 0) {
    lines.push(`SETARCH="${[tool("setarch"), ...setarch].join(" ")}"`);
    wrappers.push("$SETARCH");
  }
  lines.push(
    ...ifThere("setpriv", `SETPRIV="${tool("setpriv")} $SETPRIV"`, "capabilities and ids stay as they are"),
  );
  wrappers.push("$SETPRIV");

  if (process.terminal) lines.push(...TERMINAL);

  if (pivot !== undefined) {
    lines.push(
      ...stepHead(pivot),
      "cd /usr",
      'pivot_root "$ROOTFS" "$ROOTFS"',
      "$UMOUNT -n -l / # the old root, which covers the new one",
    );
  } else if (chroot !== undefined) lines.push(...stepHead(chroot), "CHROOT=$(command -v chroot)");

  const last = steps.at(-1);
  if (last !== undefined) lines.push(...stepHead(last));
  wrappers.push(pivot === undefined ? "env -i" : "$ENV -i");
  if (request.init) wrappers.push("--default-signal=INT,QUIT");
  const words = (process.env ?? []).map(quote);
  // chroot(8) enters the new root itself.
  if (chroot === undefined) wrappers.push(`--chdir=${quote(process.cwd)}`);
  else words.push('"$CHROOT" "$ROOTFS"');
  const before = [...wrappers, ...words].join(" ");
  const program = process.args.map(quote).join(" ");
  if (!process.terminal) return [...lines, ...run(`${before} \\\n  ${program}`, request.init === true)];
  return [
    ...lines,
    'if [ "$HAS_SCRIPT" ]; then',
    ...run(`${before} \\\n  script -qec ${quote(program)} /dev/null`, request.init === true),
    "else",
    ...run(`${before} \\\n  ${program}`, request.init === true),
    "fi",
  ];
}

/** The terminal is made by a program of the container: one of the host would have to stay in its tree. */
const TERMINAL = [
  "",
  "# script(1) of util-linux gives the program a terminal of its own; without, the one of this script has to do",
  "program=$(place /usr/bin/script) HAS_SCRIPT=",
  'if [ -x "$program" ] && [ "${program##*/}" = script ]; then HAS_SCRIPT=yes',
  'else echo "no script(1) in there: the program gets this terminal, without job control" >&2; fi',
];

/** `exec`, or with an init a shell that stays, forwards signals and reaps. */
function run(command: string, init: boolean): string[] {
  if (!init) return [`exec ${command}`];
  return [
    "exec 3<&0",
    `${command} <&3 3<&- &`,
    "PROGRAM=$!",
    "exec 3<&-",
    "cd / # out of the host's tree",
    'for signal in HUP INT QUIT TERM USR1 USR2; do trap "kill -s $signal $PROGRAM" "$signal"; done',
    "# wait(1) ends early when a signal comes",
    'while status=0; wait "$PROGRAM" || status=$?; kill -0 "$PROGRAM" 2> /dev/null; do :; done',
    'exit "$status"',
  ];
}

function ifThere(name: string, line: string, otherwise: string): string[] {
  const variable = name.toUpperCase();
  return [
    `if command -v ${name} > /dev/null; then ${line}`,
    `else ${variable}=; echo "${name} is missing here: ${otherwise}" >&2; fi`,
  ];
}
