import { readFlags } from "../flags/table.ts";
import { GLOBAL_FLAGS } from "../grammar.ts";

/** The parts of a command's help, in the order docker shows them. */
export interface Help {
  /** Without `Usage:  husk`: `run [OPTIONS] host COMMAND`. Several lines are several forms. */
  readonly usage: readonly string[];
  readonly description: string;
  /** The command's flag table. */
  readonly flags: string;
  /** What each flag does, by its long name; ending in `(default …)` where there is one. */
  readonly about: Readonly<Record<string, string>>;
  /** Further sections: title and text. */
  readonly sections?: readonly (readonly [title: string, text: string])[];
  /** Command lines with a word on what each shows. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
}

const WIDTH = 80;

/** What the options of every command do. */
export const GLOBAL_ABOUT: Readonly<Record<string, string>> = {
  root: "Folder of what stays: images, containers (default /var/lib/husk; env HUSK_ROOT)",
  run: "Folder of what dies with a boot (default /run/husk; env HUSK_RUN)",
  debug: "Show where husk failed",
  help: "Print usage",
};

/** The whole text of a command's help. */
export function layOut(help: Help): string {
  const lines: string[] = [];
  for (const [index, usage] of help.usage.entries())
    lines.push(`${index === 0 ? "Usage:  " : "        "}husk ${usage}`);
  lines.push("", ...wrap(help.description, WIDTH));
  const options = optionLines(help.flags, help.about);
  if (options.length > 0) lines.push("", "Options:", ...options);
  lines.push("", "Global Options:", ...optionLines(GLOBAL_FLAGS, GLOBAL_ABOUT));
  for (const [title, text] of help.sections ?? []) lines.push("", `${title}:`, ...indented(text));
  if (help.examples !== undefined) {
    lines.push("", "Examples:");
    for (const [line, what] of help.examples)
      lines.push(...wrap(what, WIDTH - 4).map((part) => `  # ${part}`), `  ${line}`);
  }
  return lines.join("\n");
}

function optionLines(table: string, about: Readonly<Record<string, string>>): string[] {
  const rows = readFlags(table).map(({ letter, name, type, optional }) => ({
    left: `  ${letter === "" ? "    " : `-${letter}, `}--${name}${type === "" ? "" : optional ? `[=${type}]` : ` ${type}`}`,
    right: about[name] ?? "",
  }));
  const column = Math.max(...rows.map(({ left }) => left.length)) + 3;
  return rows.flatMap(({ left, right }) =>
    wrap(right, WIDTH - column).map((part, index) => (index === 0 ? left : "").padEnd(column) + part),
  );
}

/** A ready-made block keeps its lines, two spaces further in. */
function indented(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
