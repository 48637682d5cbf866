import { writeSync } from "node:fs";
import type { PullReporter } from "../engine/image-source.ts";
import { humanSize as size } from "./format/units.ts";
import { oneLine, printError } from "./stderr.ts";
import { isTerminal } from "./terminal.ts";

interface Line {
  state: string;
  current: number;
  total: number;
}

const REDRAW_MILLISECONDS = 100;
const BAR = 24;
const words: Readonly<Record<string, string>> = {
  waiting: "Waiting",
  downloading: "Downloading",
  unpacking: "Extracting",
  done: "Pull complete",
  exists: "Already exists",
};

/** Shows on stderr how an image comes in: a line a layer that is drawn again in a terminal, plain lines elsewhere. */
export function pullProgress(quiet: boolean): PullReporter {
  const layers = new Map<string, Line>();
  const draws = !quiet && isTerminal(2);
  let drawn = 0;
  let last = 0;
  const draw = (): void => {
    const width = (process.stderr.columns ?? 80) - 1;
    let text = drawn > 0 ? `\u001b[${drawn}A` : "";
    for (const [digest, line] of layers) text += `\u001b[2K${format(digest, line).slice(0, width)}\n`;
    drawn = layers.size;
    last = performance.now();
    writeSync(2, text);
  };
  return {
    missing: (name) => {
      if (!quiet) printError(`husk: there is no image ${oneLine(name)} yet: pulling it`);
    },
    layer: ({ digest, state, current, total }) => {
      const before = layers.get(digest)?.state;
      layers.set(digest, { state, current, total });
      if (quiet) return;
      if (!draws) {
        const tells = state !== before && state !== "waiting";
        if (tells)
          printError(
            `${digest.slice(7, 19)}: ${state === "downloading" ? `Downloading ${size(total)}` : (words[state] ?? state)}`,
          );
      } else if (state !== before || performance.now() - last > REDRAW_MILLISECONDS) draw();
    },
    done: (_name, digest) => {
      if (!quiet) printError(`Digest: ${digest}`);
    },
    warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
  };
}

function format(digest: string, { state, current, total }: Line): string {
  const name = digest.slice(7, 19);
  if (state !== "downloading") return `${name}: ${words[state] ?? state}`;
  const full = total === 0 ? BAR : Math.floor((BAR * current) / total);
  return `${name}: Downloading [${"=".repeat(full)}${" ".repeat(BAR - full)}] ${size(current)}/${size(total)}`;
}
