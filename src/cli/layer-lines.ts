import { writeSync } from "node:fs";
import { humanSize } from "./format/units.ts";
import { printError } from "./stderr.ts";
import { isTerminal, widthOf } from "./terminal.ts";

/** How one layer fares. */
export interface LayerLine {
  /** `Downloading`, `Pull complete`. */
  readonly word: string;
  /** Bytes so far and in all; absent: there is no bar. */
  readonly current?: number;
  readonly total?: number;
  readonly stage: "waiting" | "active" | "done";
}

const REDRAW_MILLISECONDS = 100;
const BAR = 24;
const USUAL_WIDTH = 80;
const USUAL_HEIGHT = 24;

/**
 * Shows on stderr how layers fare: in a terminal a line each that is drawn again, with a bar; elsewhere a plain line
 * whenever one begins or ends something.
 *
 * @returns takes the state of a layer, by its digest
 */
export function layerLines(): (digest: string, line: LayerLine) => void {
  const lines = new Map<string, LayerLine>();
  const draws = isTerminal(2);
  let drawn = 0;
  let last = 0;
  return (digest, line) => {
    const before = lines.get(digest);
    lines.set(digest, line);
    const isNew = before?.word !== line.word;
    if (!draws) {
      if (isNew && line.stage !== "waiting") printError(plain(digest, line));
    } else if (isNew || performance.now() - last > REDRAW_MILLISECONDS) {
      drawn = redraw(lines, drawn);
      last = performance.now();
    }
  };
}

/** Draws over the lines that stand there already, and returns how many there are now. */
function redraw(lines: ReadonlyMap<string, LayerLine>, drawn: number): number {
  const width = (widthOf(2) ?? USUAL_WIDTH) - 1;
  const shown = visible(lines, (process.stderr.rows || USUAL_HEIGHT) - 1);
  // What stood below is cleared: there may be fewer lines than before.
  let text = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : "";
  for (const line of shown) text += `${line.slice(0, width)}\n`;
  try {
    writeSync(2, text);
  } catch {
    // Nobody sees it.
  }
  return shown.length;
}

/** All lines, or where the terminal is too low for them those of layers that are worked on. */
function visible(lines: ReadonlyMap<string, LayerLine>, height: number): string[] {
  const all = [...lines];
  if (all.length <= height) return all.map(([digest, line]) => withBar(digest, line));
  const done = all.filter(([, { stage }]) => stage === "done").length;
  const active = all.filter(([, { stage }]) => stage === "active").slice(0, height - 1);
  return [
    ...active.map(([digest, line]) => withBar(digest, line)),
    `${done} of ${all.length} layers are done`,
  ];
}

function withBar(digest: string, { word, current, total }: LayerLine): string {
  if (current === undefined || total === undefined) return `${short(digest)}: ${word}`;
  const full = total === 0 ? BAR : Math.floor((BAR * current) / total);
  const bar = "=".repeat(full) + " ".repeat(BAR - full);
  return `${short(digest)}: ${word} [${bar}] ${humanSize(current)}/${humanSize(total)}`;
}

function plain(digest: string, { word, total }: LayerLine): string {
  return `${short(digest)}: ${word}${total === undefined ? "" : ` ${humanSize(total)}`}`;
}

function short(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}
