import type { WatchedProcess } from "../../engine/processes/watch.ts";
import { binarySize } from "../format/index.ts";

/** By what processes are sorted: the largest first, pids and names the smallest. */
export type SortKey = "cpu" | "memory" | "time" | "pid" | "container";

/** What a person chose to see. */
export interface View {
  readonly sort: SortKey;
  readonly reversed: boolean;
  readonly tree: boolean;
  /** Shows only processes whose command or container holds it. */
  readonly search: string;
  /** The pid under the cursor; undefined: the first line's. */
  readonly selected: number | undefined;
}

export const FIRST_VIEW: View = {
  sort: "cpu",
  reversed: false,
  tree: false,
  search: "",
  selected: undefined,
};

/** A process in its line of the view. */
export interface Line {
  readonly process: WatchedProcess;
  /** What stands before its command in a tree. */
  readonly branch: string;
}

const ORDER: Readonly<Record<SortKey, (a: WatchedProcess, b: WatchedProcess) => number>> = {
  cpu: (a, b) => b.cpuPercent - a.cpuPercent,
  memory: (a, b) => b.memoryBytes - a.memoryBytes,
  time: (a, b) => b.seconds - a.seconds,
  pid: (a, b) => a.pid - b.pid,
  container: (a, b) => (a.container < b.container ? -1 : a.container > b.container ? 1 : 0),
};

/** The lines of a view, from the top. */
export function linesOf(processes: readonly WatchedProcess[], view: View): Line[] {
  const order = ORDER[view.sort];
  const sorted = processes.toSorted((a, b) => (view.reversed ? -1 : 1) * order(a, b) || a.pid - b.pid);
  const lines = view.tree ? treeOf(sorted) : sorted.map((process) => ({ process, branch: "" }));
  const wanted = view.search.toLowerCase();
  if (wanted === "") return lines;
  return lines.filter(({ process }) =>
    `${process.command} ${process.container}`.toLowerCase().includes(wanted),
  );
}

function treeOf(sorted: readonly WatchedProcess[]): Line[] {
  const known = new Set(sorted.map(({ pid }) => pid));
  const children = new Map<number, WatchedProcess[]>();
  for (const process of sorted) {
    const parent = known.has(process.parent) ? process.parent : 0;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [process]);
    else list.push(process);
  }
  const lines: Line[] = [];
  const add = (parent: number, indent: string): void => {
    const list = children.get(parent) ?? [];
    for (const [i, process] of list.entries()) {
      const isLast = i + 1 === list.length;
      const isTop = parent === 0;
      lines.push({ process, branch: isTop ? "" : `${indent}${isLast ? "└─ " : "├─ "}` });
      add(process.pid, isTop ? "" : `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  add(0, "");
  return lines;
}

/** What the machine as a whole does. */
export interface Machine {
  /** Percent of all CPUs together. */
  readonly cpuPercent: number;
  readonly memoryUsed: number;
  readonly memoryTotal: number;
}

const INVERSE = "\u001b[7m";
const BOLD = "\u001b[1m";
const PLAIN = "\u001b[0m";

const COLUMNS: readonly [title: string, width: number, key?: SortKey][] = [
  ["PID", 8, "pid"],
  ["INSIDE", 8],
  ["USER", 10],
  ["CONTAINER", 18, "container"],
  ["S", 2],
  ["CPU%", 7, "cpu"],
  ["MEM", 10, "memory"],
  ["TIME+", 10, "time"],
];

/** The whole screen as text of `rows` lines. */
export function screen(
  lines: readonly Line[],
  view: View,
  machine: Machine,
  size: { readonly columns: number; readonly rows: number },
  message: string,
): string {
  const { columns, rows } = size;
  const containers = new Set(lines.map(({ process }) => process.container)).size;
  const half = Math.max(Math.floor(columns / 2) - 1, 20);
  const top = [
    `${meter("CPU", machine.cpuPercent / 100, `${machine.cpuPercent.toFixed(1)}%`, half)} ${meter(
      "Mem",
      machine.memoryTotal === 0 ? 0 : machine.memoryUsed / machine.memoryTotal,
      `${binarySize(machine.memoryUsed)}/${binarySize(machine.memoryTotal)}`,
      half,
    )}`,
    `${containers} container${containers === 1 ? "" : "s"}, ${lines.length} process${lines.length === 1 ? "" : "es"}`,
    `${INVERSE}${cut(titles(view), columns)}${PLAIN}`,
  ];
  const room = Math.max(rows - top.length - 1, 1);
  const at = Math.max(
    lines.findIndex(({ process }) => process.pid === view.selected),
    0,
  );
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room));
  const shown = lines.slice(first, first + room).map((line, i) => {
    const text = cut(lineText(line), columns);
    return first + i === at ? `${INVERSE}${text}${PLAIN}` : text.trimEnd();
  });
  const keys = "q quit  P cpu  M memory  T time  N pid  C container  I reverse  t tree  / search  k kill";
  const foot = `${BOLD}${cut(message === "" ? keys : harmless(message), columns).trimEnd()}${PLAIN}`;
  while (shown.length < room) shown.push("");
  return [...top, ...shown, foot].join("\n");
}

function titles({ sort, reversed, tree }: View): string {
  const cells = COLUMNS.map(([title, width, key]) =>
    pad(key === sort && !tree ? `${title}${reversed ? "▴" : "▾"}` : title, width, title),
  );
  return `${cells.join("")}COMMAND`;
}

function lineText({ process, branch }: Line): string {
  const { pid, insidePid, user, container, state, cpuPercent, memoryBytes, seconds, command } = process;
  const cells = [
    `${pid}`,
    `${insidePid}`,
    user,
    container,
    state,
    cpuPercent.toFixed(1),
    binarySize(memoryBytes),
    clock(seconds),
  ];
  const text = cells.map((cell, i) => pad(cell, (COLUMNS[i] as [string, number])[1], COLUMNS[i]?.[0] ?? ""));
  return `${text.join("")}${branch}${harmless(command)}`;
}

/** Words of a container: control characters in them do nothing to the terminal. */
function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

const NUMBERS = new Set(["PID", "INSIDE", "CPU%", "MEM", "TIME+"]);

/** Numbers to the right, names to the left, a space behind each. */
function pad(text: string, width: number, title: string): string {
  const kept = [...text].slice(0, width - 1).join("");
  return NUMBERS.has(title) ? `${kept.padStart(width - 1)} ` : kept.padEnd(width);
}

/** As top(1): minutes, seconds, hundredths. */
function clock(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const minutes = Math.floor(hundredths / 6000);
  if (minutes >= 600) return `${Math.floor(minutes / 60)}h${`${minutes % 60}`.padStart(2, "0")}`;
  const rest = hundredths % 6000;
  return `${minutes}:${`${Math.floor(rest / 100)}`.padStart(2, "0")}.${`${rest % 100}`.padStart(2, "0")}`;
}

function meter(name: string, share: number, text: string, width: number): string {
  const room = Math.max(width - name.length - 3, text.length);
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * room);
  const bar = "|"
    .repeat(filled)
    .padEnd(room - text.length)
    .slice(0, room - text.length);
  return `${name} [${bar}${text}]`;
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length > columns ? characters.slice(0, columns).join("") : text.padEnd(columns);
}
