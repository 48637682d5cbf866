import type { PullReporter } from "../engine/image-source.ts";
import { type LayerLine, layerLines } from "./layer-lines.ts";
import { oneLine, printError } from "./stderr.ts";

const words: Readonly<Record<string, string>> = {
  waiting: "Waiting",
  downloading: "Downloading",
  unpacking: "Extracting",
  done: "Pull complete",
  exists: "Already exists",
};

/** Shows on stderr how an image comes in. */
export function pullProgress(quiet: boolean): PullReporter {
  const show = quiet ? undefined : layerLines();
  return {
    missing: (name) => {
      if (!quiet) printError(`husk: there is no image ${oneLine(name)} yet: pulling it`);
    },
    layer: ({ digest, state, current, total }) => show?.(digest, lineOf(state, current, total)),
    done: (_name, digest) => {
      if (!quiet) printError(`Digest: ${digest}`);
    },
    warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
  };
}

function lineOf(state: string, current: number, total: number): LayerLine {
  const word = words[state] ?? state;
  if (state === "downloading") return { word, current, total, stage: "active" };
  return { word, stage: state === "waiting" ? "waiting" : state === "unpacking" ? "active" : "done" };
}
