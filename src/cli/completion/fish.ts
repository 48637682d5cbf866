import { type CompletedFlag, completedCommands, globalFlags, nestedCommands } from "./commands.ts";
import { NAME_KINDS, namesCommands } from "./names.ts";
import { valuesOf } from "./values.ts";

/** The script for fish 3 or newer. */
export function fishCompletion(): string {
  const commands = completedCommands();
  const nested = nestedCommands();
  const valued = [...new Set([...commands, ...nested].flatMap(({ flags }) => flags).concat(globalFlags()))]
    .filter(({ type, optional }) => type !== "" && !optional)
    .flatMap(({ letter, name }) => (letter === "" ? [`--${name}`] : [`-${letter}`, `--${name}`]));
  const lines = [
    "# fish completion for husk",
    "# Made by 'husk completion fish'.",
    "",
    "# The arguments so far that are no flags and no values of flags.",
    "function __husk_arguments",
    "    set -l words (commandline -opc)",
    "    set -l skip no",
    "    for word in $words[2..-1]",
    "        if test $skip = yes",
    "            set skip no",
    `        else if contains -- $word ${[...new Set(valued)].join(" ")}`,
    "            set skip yes",
    "        else if not string match -q -- '-*' $word",
    "            echo $word",
    "        end",
    "    end",
    "end",
    "",
    "# Whether the line stands at the flags or the first argument of a command.",
    "function __husk_at",
    '    test "$(__husk_arguments | string join \' \')" = "$argv"',
    "end",
    "",
    "# Whether the arguments begin with these words.",
    "function __husk_behind",
    '    string match -q -- "$argv *" "$(__husk_arguments | string join \' \') "',
    "end",
    "",
    "# Whether the container's program is being typed.",
    "function __husk_in_program",
    "    set -l words (__husk_arguments)",
    '    contains -- "$words[1]" run explain; or return 1',
    "    test (count $words) -ge 2; and return 0",
    "    string match -qr -- '^--(rootfs|bundle)' (commandline -opc)",
    "end",
    "",
    "# This engine: the program, and the folders of the line.",
    "function __husk_program",
    "    set -l words (commandline -opc)",
    "    echo $words[1]",
    "    for at in (seq 2 (count $words))",
    "        if string match -qr -- '^--(root|run)=' $words[$at]",
    "            echo $words[$at]",
    "        else if contains -- $words[$at] --root --run",
    "            printf '%s\\n' $words[$at] $words[(math $at + 1)]",
    "        end",
    "    end",
    "end",
    "",
    "# Names of containers, images or volumes.",
    "function __husk_names",
    "    set -l husk (__husk_program)",
    "    command -q $husk[1]; or return",
    "    switch $argv",
    ...NAME_KINDS.flatMap((kind) => [
      `        case ${kind}`,
      `            begin; ${namesCommands(kind, "$husk")}; end 2>/dev/null`,
    ]),
    "    end",
    "end",
    "",
    "complete -c husk -f",
  ];
  for (const flag of globalFlags()) lines.push(complete("not __husk_in_program", flag));
  for (const { name, summary } of commands) {
    lines.push(`complete -c husk -n '__husk_at' -a ${name} -d ${quote(summary)}`);
  }
  lines.push("complete -c husk -n '__husk_at' -s v -l version -d 'Print version information and quit'");
  for (const { name, takes, flags, names } of [...commands, ...nested]) {
    if (names !== undefined) {
      const place = name.endsWith("exec") ? "__husk_at" : "__husk_behind";
      lines.push(`complete -c husk -n '${place} ${name}' -a '(__husk_names ${names})'`);
    }
    if (typeof takes !== "string")
      lines.push(`complete -c husk -n '__husk_at ${name}' -a ${quote(takes.join(" "))}`);
    if (takes === "program")
      lines.push(
        `complete -c husk -n '__husk_at ${name}; and not __husk_in_program' -a host -d 'This machine'`,
        `complete -c husk -n '__husk_at ${name}; and not __husk_in_program' -a '(__husk_names images)'`,
      );
    const place = name.includes(" ") ? "__husk_behind" : "__husk_at";
    for (const flag of flags) lines.push(complete(`${place} ${name}`, flag));
  }
  lines.push("complete -c husk -n '__husk_in_program' -a '(__fish_complete_subcommand --fcs-skip=3)'");
  return `${lines.join("\n")}\n`;
}

function complete(condition: string, flag: CompletedFlag): string {
  const { letter, name, type } = flag;
  const short = letter === "" ? "" : ` -s ${letter}`;
  return `complete -c husk -n '${condition}'${short} -l ${name}${type === "" || flag.optional ? "" : value(flag)} -d ${quote(flag.about)}`;
}

function value(flag: CompletedFlag): string {
  const words = valuesOf(flag);
  if (words.length > 0) return ` -x -a ${quote(words.join(" "))}`;
  if (flag.values === "dir") return " -x -a '(__fish_complete_directories)'";
  return flag.values === "file" ? " -r -F" : " -x";
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
