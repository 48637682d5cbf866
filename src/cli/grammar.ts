/**
 * The flags of one command and what to do with them, in docker's grammar.
 *
 * `flags` is a table as text, one flag a line, in the spelling the help shows:
 *
 *     -e --env list
 *     --ipc string private|shareable|host|none
 *     -i --interactive
 *
 * A name without a type is a switch. A type in brackets, `[file]`, is a value that may be left out: it stands
 * behind `=` or not at all, and then is the empty text. In double brackets it may also stand directly behind the
 * letter. The third word offers values to the shell's completion: a
 * choice by `|`, or `file` or `dir`. The text begins and ends with a line end, so a flag is found by
 * a search in it and nothing is built at start.
 */
export interface Grammar<T> {
  /** As a person types it: `run`, `oci run`. */
  readonly name: string;
  readonly flags: string;
  /** Flags of docker's that husk does not have yet, as a table of the same form: refused by name. */
  readonly later?: string;
  /** Flags end at the first argument that is none: what follows belongs to the container's program. */
  readonly flagsFirst?: boolean;
  /** Takes one flag by its long name; a switch has the value `"true"` or `"false"`. */
  set(target: T, flag: string, value: string): void;
}

/** Options every command takes, before or after its name. */
export interface Globals {
  /** Folder of what stays: images, containers. Undefined: the engine's choice, which knows HUSK_ROOT. */
  root: string | undefined;
  /** Folder of what dies with a boot. */
  run: string | undefined;
  debug: boolean;
  help: boolean;
}

export const GLOBAL_FLAGS = "\n--root dir dir\n--run dir dir\n--debug\n--help\n";

/** Puts one of {@link GLOBAL_FLAGS} into `globals`. */
export function setGlobal(globals: Globals, flag: string, value: string): void {
  switch (flag) {
    case "root":
      globals.root = value;
      return;
    case "run":
      globals.run = value;
      return;
    case "debug":
      globals.debug = value === "true";
      return;
    case "help":
      globals.help = value === "true";
  }
}
