// Completion scripts in the real shells.
import { COMMANDS } from "../src/cli/command-names.ts";
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { engine, husk, huskPath, needs, run, temporaryFolder } from "./harness/index.ts";

const scripts: Record<string, string> = {};

beforeAll(async () => {
  const folder = temporaryFolder("completion");
  for (const [shell, name] of [
    ["bash", "husk.bash"],
    ["zsh", "_husk"],
    ["fish", "husk.fish"],
  ] as const) {
    const { status, stdout } = await husk(["completion", shell]);
    expect(status).toBe(0);
    scripts[shell] = join(folder, name);
    writeFileSync(scripts[shell], stdout);
  }
});

function commandsWith(start: string): string[] {
  return COMMANDS.map(([name]) => name)
    .filter((name) => name.startsWith(start))
    .toSorted();
}

/** A line up to the cursor, and what is offered there. */
const lines: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ["husk ", commandsWith("")],
  ["husk c", commandsWith("c")],
  ["husk --root /tmp inf", ["info"]],
  ["husk run ", ["host"]],
  ["husk run --ip", ["--ipc"]],
  ["husk run --ipc ", ["host", "none", "private", "shareable"]],
  ["husk run -m 5 --user x --pid h", ["host"]],
  ["husk run --cap-add SYS_PT", ["SYS_PTRACE"]],
  ["husk run --no-isolate se", ["seccomp"]],
  ["husk run -it host unshar", ["unshare"]],
  ["husk run --rootfs / unshar", ["unshare"]],
  ["husk explain --as", ["--as-shell"]],
  ["husk completion ", ["bash", "fish", "zsh"]],
  ["husk help ru", ["run"]],
  ["husk cgroup fr", ["freeze"]],
  [
    "husk cgroup create --",
    [
      "--admin",
      "--debug",
      "--dperm",
      "--explain",
      "--fperm",
      "--group",
      "--help",
      "--root",
      "--run",
      "--tasks",
      "--tperm",
    ],
  ],
  ["husk cgroup set NAME --copy", ["--copy-from"]],
  ["husk cgroup show --format ", ["json", "text"]],
  ["husk cgroup attach --fr", ["--from"]],
  ["husk unshare --map-r", ["--map-root-user"]],
  ["husk unshare --propagation un", ["unchanged"]],
  ["husk oci st", ["start", "state"]],
  ["husk oci run --bu", ["--bundle"]],
];

/** Lines about an engine that has something in it, behind `husk --root … --run …`, and what is offered. */
const named: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ["rm on", ["one"]],
  ["exec ", ["one"]],
  ["stop o", ["one"]],
  ["container rm t", ["two"]],
  ["start -a t", ["two"]],
  ["rmi b", ["box:1", "box:2"]],
  ["image rm box:2", ["box:2"]],
  ["run -it b", ["box:1", "box:2"]],
  ["volume rm ", ["data"]],
  ["inspect d", ["data"]],
];

const own = engine();
const folders = `${huskPath} --root ${own.root} --run ${own.run} `;

beforeAll(async () => {
  for (const args of [
    ["run", "-d", "--name", "one", "-v", "data:/data", "host", "sleep", "100"],
    ["create", "--name", "two", "host", "true"],
    ["image", "make", "box:1", "cat"],
    ["tag", "box:1", "box:2"],
  ])
    expect([args, (await own.husk(args)).status]).toEqual([args, 0]);
}, 120_000);

afterAll(() => own.husk(["rm", "-f", "one", "two"]));

describe("bash", () => {
  needs({ command: "bash" })("offers commands, flags, values and programs", async () => {
    const script = `source "$1"; shift
      complete -p husk >/dev/null || exit 1
      for line in "$@"; do
        read -ra COMP_WORDS <<<"$line"; [[ $line == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMPREPLY=()
        _husk "\${COMP_WORDS[0]}" 2>/dev/null
        printf '%s\\n' "\${COMPREPLY[@]}" | sort -u | paste -sd' '
      done`;
    const typed = lines.map(([line]) => line);
    const { stdout, stderr } = await run(["bash", "-c", script, "bash", scripts["bash"]!, ...typed]);
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual(lines.map(([, offers]) => offers.join(" ")));
  });

  needs({ command: "bash" })("offers names of containers, images and volumes", async () => {
    const script = `source "$1"; shift
      for line in "$@"; do
        line=\${line//:/ : }
        read -ra COMP_WORDS <<<"$line"; [[ $line == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMPREPLY=()
        _husk "\${COMP_WORDS[0]}" 2>/dev/null
        printf '%s\\n' "\${COMPREPLY[@]}" | sort -u | paste -sd' '
      done`;
    const typed = named.map(([line]) => folders + line);
    const { stdout } = await run(["bash", "-c", script, "bash", scripts["bash"]!, ...typed]);
    // Behind a colon the shell has the rest completed.
    const offers = named.map(([line, offer]) => (line.includes(":") ? "2" : offer.join(" ")));
    expect(stdout.trimEnd().split("\n")).toEqual(offers);
  });

  needs({ command: "bash" })("--flag=value is one word with its flag", async () => {
    const script = `source "$1"; COMP_WORDS=(husk run --ipc = p) COMP_CWORD=4; _husk husk 2>/dev/null; echo "\${COMPREPLY[*]}"`;
    expect((await run(["bash", "-c", script, "bash", scripts["bash"]!])).stdout).toBe("private\n");
  });

  needs({ command: "bash" })("husk-oci completes as husk oci does", async () => {
    const script = `source "$1"; COMP_WORDS=(husk-oci run --pid-) COMP_CWORD=2; _husk husk-oci 2>/dev/null; echo "\${COMPREPLY[*]}"`;
    expect((await run(["bash", "-c", script, "bash", scripts["bash"]!])).stdout).toBe("--pid-file\n");
  });
});

describe("fish", () => {
  needs({ command: "fish" })("offers commands, flags, values and programs", async () => {
    const script = `source $argv[1]
      for line in $argv[2..-1]
        complete -C"$line" | string replace -r '\\t.*' '' | sort -u | string join ' '
      end`;
    const typed = lines.map(([line]) => line);
    const { stdout, stderr } = await run(["fish", "--no-config", "-c", script, scripts["fish"]!, ...typed], {
      env: { HOME: temporaryFolder("home") },
    });
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual(lines.map(([, offers]) => offers.join(" ")));
  });
});

describe("fish and names", () => {
  needs({ command: "fish" })("of containers, images and volumes", async () => {
    const script = `source $argv[1]
      for line in $argv[2..-1]
        complete -C"$line" | string replace -r '\\t.*' '' | sort -u | string join ' '
      end`;
    const typed = named.map(([line]) => `husk${folders.slice(huskPath.length)}${line}`);
    const { stdout } = await run(["fish", "--no-config", "-c", script, scripts["fish"]!, ...typed], {
      env: { HOME: temporaryFolder("home"), PATH: `${join(huskPath, "..")}:${process.env["PATH"]}` },
    });
    expect(stdout.trimEnd().split("\n")).toEqual(named.map(([, offers]) => offers.join(" ")));
  });
});

describe("zsh", () => {
  needs({ command: "zsh" })("offers commands, flags and values", async () => {
    // The completion system works only in a line editor, so there is a terminal around it. What is typed ahead
    // suppresses the list: the script waits for the last offer before it goes on.
    const script = `zmodload zsh/zpty
      folder=$1 program=$2; shift 2
      zpty editor zsh -f -i
      zpty -w editor "path=($program \\$path)"
      zpty -w editor "PS1=; PS2=; fpath=($folder \\$fpath); autoload -U compinit; compinit -u -D; LISTMAX=10000"
      zpty -w editor "zstyle ':completion:*' list-separator '|'; bindkey '^I' list-choices; stty cols 200 rows 100 -echo"
      zpty -w editor 'echo REA""DY'
      zpty -r -m editor text '*READY*'
      for line offer in "$@"; do
        zpty -w -n editor "$line"$'\\t'
        zpty -r -m editor list "*$offer*"
        zpty -w -n editor $'\\C-u'"echo DO""NE"$'\\n'
        zpty -r -m editor rest '*DONE*'
        print -r -- "=== $line"; print -r -- "$list$rest"
      done
      zpty -d editor`;
    const typed = [
      ...lines.filter(([line]) => !line.includes("unshar")),
      ...named.map(([line, offers]) => [`husk${folders.slice(huskPath.length)}${line}`, offers] as const),
    ];
    const folder = join(scripts["zsh"]!, "..");
    const { stdout } = await run([
      "zsh",
      "-f",
      "-c",
      script,
      "zsh",
      folder,
      join(huskPath, ".."),
      ...typed.flatMap(([line, offers]) => [line, offers.at(-1)!]),
    ]);
    const shown = stdout.split("=== ").slice(1);
    for (const [index, [line, offers]] of typed.entries()) {
      const words = (shown[index] ?? "").replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, " ").split(/[\s|]+/);
      for (const offer of offers) expect([line, words]).toEqual([line, expect.arrayContaining([offer])]);
    }
  });
});
