import {
  type CompletedCommand,
  type CompletedFlag,
  completedCommands,
  completedFamilies,
  type Family,
  globalFlags,
} from "./commands.ts";
import { NAME_KINDS, type NameKind, nameKind, namesCommands } from "./names.ts";
import { valuesOf } from "./values.ts";

/** The script for zsh, on its own completion system (zshcompsys(1)). */
export function zshCompletion(): string {
  const commands = completedCommands();
  const families = completedFamilies();
  const global = globalFlags();
  return `#compdef husk husk-oci
# zsh completion for husk
# Made by 'husk completion zsh'.

_husk_commands() {
  local -a commands=(
${descriptions(commands)}
  )
  _describe command commands
}

${families.map(listFunction).join("\n\n")}

# Names of containers, images or volumes; the folders of the line are this engine's.
_husk_names() {
  local -a husk=(\${husk_program:-husk} $husk_folders) names
  case $1 in
${NAME_KINDS.map((kind) => `  ${kind}) names=(\${(f)"$({ ${namesCommands(kind, "$husk")}; } 2>/dev/null)"}) ;;`).join("\n")}
  esac
  compadd -a names
}

# The image, unless a folder is given for it.
_husk_source() {
  if (( \${words[(I)(--rootfs|--bundle)(|=*)]} )); then
    _command_names -e
  else
    compadd host
    _husk_names images
  fi
}

${families.map((family) => familyFunction(family, commands, global)).join("\n\n")}

_husk() {
  local curcontext=$curcontext state line husk_program=$words[1]
  local -a husk_folders
  local -i at
  for ((at = 2; at < CURRENT; at++)); do
    case $words[at] in
    --root | --run) husk_folders+=($words[at] $words[at+1]) ;;
    --root=* | --run=*) husk_folders+=($words[at]) ;;
    esac
  done
  if [[ $service == husk-oci ]]; then
    _husk_oci
    return
  fi
  _arguments -C -S -A '-*' \\
${specs(global)} \\
    '(-v --version)'{-v,--version}'[Print version information and quit]' \\
    '1: :_husk_commands' '*:: :->arguments'
  [[ $state == arguments ]] || return
  case $words[1] in
${commands.map((command) => commandCase(command, families, global)).join("\n")}
  esac
}

if [[ $funcstack[1] == _husk ]]; then _husk "$@"; else compdef _husk husk husk-oci; fi
`;
}

function descriptions(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n");
}

/** Offers the commands of a family. */
function listFunction({ name, commands }: Family): string {
  return `_husk_${name}_commands() {
  local -a commands=(
${descriptions(commands)}
  )
  _describe command commands
}`;
}

/** Completes what stands behind the name of a family. */
function familyFunction(
  { name, commands }: Family,
  all: readonly CompletedCommand[],
  global: readonly CompletedFlag[],
): string {
  const own = all.find((command) => command.name === name)?.flags ?? [];
  return `_husk_${name}() {
  local curcontext=$curcontext state line
  _arguments -C -S -A '-*' \\
${specs([...own, ...global])} \\
    '1: :_husk_${name}_commands' '*:: :->arguments'
  [[ $state == arguments ]] || return
  case $words[1] in
${commands.map((command) => `  ${command.name})\n    _arguments -s -S \\\n${specs([...command.flags, ...global])} ${quote(argumentOf(nameKind(`${name} ${command.name}`)))} ;;`).join("\n")}
  esac
}`;
}

function commandCase(
  command: CompletedCommand,
  families: readonly Family[],
  global: readonly CompletedFlag[],
): string {
  const { name, takes } = command;
  if (families.some((family) => family.name === name)) return `  ${name}) _husk_${name} ;;`;
  const flags = specs([...command.flags, ...global]);
  if (takes === "program") {
    return `  ${name})\n    _arguments -s -S -A '-*' \\\n${flags} \\\n      '1: :_husk_source' '*:: :_normal' ;;`;
  }
  if (takes === "nothing" && command.names !== undefined) {
    const rest =
      name === "exec" ? `'1: : _husk_names running' '*:: :_normal'` : quote(argumentOf(command.names));
    return `  ${name})\n    _arguments -s -S${name === "exec" ? " -A '-*'" : ""} \\\n${flags} \\\n      ${rest} ;;`;
  }
  const argument = takes === "nothing" ? "" : ` \\\n      '1: :(${takes.join(" ")})'`;
  return `  ${name})\n    _arguments -s -S \\\n${flags}${argument} ;;`;
}

/** One argument of _arguments for each flag: `'(-i --interactive)'{-i,--interactive}'[Keep STDIN open]'`. */
function specs(flags: readonly CompletedFlag[]): string {
  return flags.map((flag) => `      ${spec(flag)}`).join(" \\\n");
}

function spec(flag: CompletedFlag): string {
  const { letter, name } = flag;
  const type = flag.optional ? "" : flag.type;
  const repeats = type === "list" || type === "map" || type === "mount" || type === "ulimit";
  const about = `[${flag.about.replace(/[[\]:]/g, "\\$&")}]${type === "" ? "" : `:${type}:${action(flag)}`}`;
  const long = `--${name}${type === "" ? "" : "="}`;
  if (letter === "") return quote(`${repeats ? "*" : ""}${long}${about}`);
  const short = `-${letter}${type === "" ? "" : "+"}`;
  return `${repeats ? "'*'" : quote(`(-${letter} --${name})`)}{${short},${long}}${quote(about)}`;
}

function action(flag: CompletedFlag): string {
  const words = valuesOf(flag);
  if (words.length > 0) return `(${words.join(" ")})`;
  if (flag.values === "dir") return "_files -/";
  return flag.values === "file" ? "_files" : "";
}

/** The action of _arguments for names; behind a space it gets no arguments of _arguments' own. */
function argumentOf(kind: NameKind | undefined): string {
  return kind === undefined ? "*: :" : `*: : _husk_names ${kind}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
