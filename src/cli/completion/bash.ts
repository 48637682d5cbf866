import {
  type CompletedCommand,
  type CompletedFlag,
  completedCommands,
  completedFamilies,
  globalFlags,
  nestedCommands,
} from "./commands.ts";
import { NAME_KINDS, namesCommands } from "./names.ts";
import { valuesOf } from "./values.ts";

/** The script for bash 4.4 or newer; needs no bash-completion package. */
export function bashCompletion(): string {
  const commands = completedCommands();
  const nested = nestedCommands();
  const isFamily = completedFamilies()
    .map(({ name }) => `$command == ${name}`)
    .join(" || ");
  return `# bash completion for husk
# Made by 'husk completion bash'.

# Words of a line without the '=' that bash splits off: --ipc = host becomes --ipc host.
_husk_words() {
  local word
  HUSK_WORDS=()
  local joined=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    # debian:12 comes as three words.
    if [[ -n $joined || $word == : ]] && ((\${#HUSK_WORDS[@]} > 0)); then
      HUSK_WORDS[-1]+=$word
      [[ $word == : ]] && joined=yes || joined=
      continue
    fi
    [[ $word == = ]] || HUSK_WORDS+=("$word")
  done
  HUSK_CURRENT=\${COMP_WORDS[COMP_CWORD]}
  [[ $HUSK_CURRENT == = ]] && { HUSK_CURRENT=; HUSK_WORDS+=(""); }
  [[ \${HUSK_WORDS[-1]-} == *:* ]] && HUSK_CURRENT=\${HUSK_WORDS[-1]}
}

# Names of containers, images or volumes; the folders of the line are this engine's.
_husk_names() {
  local -a husk=("\${HUSK_PROGRAM:-husk}" "\${HUSK_FOLDERS[@]}")
  case $1 in
${NAME_KINDS.map((kind) => `  ${kind}) ${namesCommands(kind, '"${husk[@]}"')} ;;`).join("\n")}
  esac 2>/dev/null
}

# Flags of a command.
_husk_flags() {
  case $1 in
${cases([...commands, ...nested], ({ flags }) => `echo "${flags.flatMap(spellings).join(" ")}"`)}
  esac
  echo "${globalFlags().flatMap(spellings).join(" ")}"
}

# Whether a flag of a command is followed by a value.
_husk_takes_value() {
  case "$1 $2" in
${valued([...commands, ...nested])}
    return 0 ;;
  esac
  [[ $2 == --root || $2 == --run ]]
}

# Completes the value of a flag.
_husk_value() {
  case "$1 $2" in
${[...commands, ...nested].flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(name, flag))).join("\n")}
  *" --root" | *" --run")
    compopt -o filenames
    COMPREPLY=($(compgen -d -- "$HUSK_CURRENT")) ;;
  esac
}

_husk() {
  local HUSK_WORDS HUSK_CURRENT HUSK_PROGRAM=$1 HUSK_FOLDERS=() command= sourced= at word last IFS=$'\\n'
  COMPREPLY=()
  _husk_words
  [[ \${1##*/} == husk-oci ]] && command=oci
  last=$((\${#HUSK_WORDS[@]} - 1))

  for ((at = 0; at < last; at++)); do
    word=\${HUSK_WORDS[at]}
    if [[ $word == -* ]]; then
      [[ $word == --rootfs || $word == --bundle ]] && sourced=yes
      if _husk_takes_value "$command" "$word"; then
        if ((at + 1 == last)); then
          _husk_value "$command" "$word"
          return
        fi
        [[ $word == --root || $word == --run ]] && HUSK_FOLDERS+=("$word" "\${HUSK_WORDS[at + 1]}")
        ((at++))
      fi
    elif [[ -z $command ]]; then
      command=$word
    elif [[ ${isFamily} ]]; then
      command="$command $word"
    elif [[ $command == exec || $command == "container exec" ]]; then
      return
    elif [[ $command == run || $command == create || $command == explain ]]; then
      # The program of the container: its name, then its arguments.
      ((at + 1 == last)) && [[ -z $sourced ]] && COMPREPLY=($(compgen -c -- "$HUSK_CURRENT"))
      [[ \${#COMPREPLY[@]} -gt 0 ]] || { compopt -o filenames; COMPREPLY=($(compgen -f -- "$HUSK_CURRENT")); }
      return
    fi
  done

  if [[ $HUSK_CURRENT == -* ]]; then
    COMPREPLY=($(compgen -W "$(_husk_flags "$command" | tr ' ' '\\n')" -- "$HUSK_CURRENT"))
    return
  fi
  case $command in
  "") word="${commands.map(({ name }) => name).join("\\n")}" ;;
${commands.flatMap(({ name, takes }) => (typeof takes === "string" ? [] : [`  ${name}) word="${takes.join("\\n")}" ;;`])).join("\n")}
  run | create | explain)
    if [[ -n $sourced ]]; then COMPREPLY=($(compgen -c -- "$HUSK_CURRENT")); return; fi
    word="host\n$(_husk_names images)" ;;
${namedCases([...commands, ...nested])}
  *) return ;;
  esac
  COMPREPLY=($(compgen -W "$(printf "$word")" -- "$HUSK_CURRENT"))
  # The shell replaces what stands behind the last colon only.
  if [[ $HUSK_CURRENT == *:* && $COMP_WORDBREAKS == *:* ]]; then
    word=\${HUSK_CURRENT%"\${HUSK_CURRENT##*:}"}
    COMPREPLY=("\${COMPREPLY[@]#"$word"}")
  fi
}

complete -F _husk husk husk-oci ./husk
`;
}

function namedCases(commands: readonly CompletedCommand[]): string {
  return NAME_KINDS.map((kind) => {
    const of = commands.filter(({ names }) => names === kind).map(({ name }) => `"${name}"`);
    return `  ${of.join(" | ")}) word=$(_husk_names ${kind}) ;;`;
  }).join("\n");
}

function spellings({ letter, name }: CompletedFlag): string[] {
  return letter === "" ? [`--${name}`] : [`-${letter}`, `--${name}`];
}

function cases(commands: readonly CompletedCommand[], body: (command: CompletedCommand) => string): string {
  return commands.map((command) => `  "${command.name}") ${body(command)} ;;`).join("\n");
}

function valued(commands: readonly CompletedCommand[]): string {
  const patterns = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ type, optional }) => type !== "" && !optional)
      .flatMap((flag) => spellings(flag).map((text) => `"${name} ${text}"`)),
  );
  return `  ${patterns.join(" | ")})`;
}

function valueCase(command: string, flag: CompletedFlag): string[] {
  const pattern = `  ${spellings(flag)
    .map((text) => `"${command} ${text}"`)
    .join(" | ")})`;
  const words = valuesOf(flag);
  if (words.length > 0) {
    const more = words.some((word) => word.endsWith("=")) ? "\n    compopt -o nospace" : "";
    return [`${pattern}${more}\n    COMPREPLY=($(compgen -W $'${words.join("\\n")}' -- "$HUSK_CURRENT")) ;;`];
  }
  if (flag.values === "dir" || flag.values === "file") {
    const kind = flag.values === "dir" ? "-d" : "-f";
    return [`${pattern}\n    compopt -o filenames\n    COMPREPLY=($(compgen ${kind} -- "$HUSK_CURRENT")) ;;`];
  }
  return [];
}
