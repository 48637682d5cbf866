import type { Inclusion } from "../../jail/index.ts";
import type { RunConfig } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseEnv } from "../values/env.ts";
import { invalidValue } from "../values/invalid.ts";
import { containerPath, hostPath } from "../values/path.ts";

export const IMAGE_MAKE_FLAGS = `
--cmd words
--entrypoint words
-e --env list
--expose list
--from dir dir
--include list file
-l --label list
--link list
-q --quiet
--stop-signal string @signal
-u --user string
--volume list
-w --workdir string
`;

/** What `husk image make` was asked for. */
export interface ImageMake {
  readonly name: string;
  readonly programs: readonly string[];
  readonly from: string;
  readonly include: readonly Inclusion[];
  readonly links: readonly string[];
  readonly config: RunConfig;
  readonly quiet: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Draft {
  readonly include: Inclusion[];
  readonly links: string[];
  readonly config: Mutable<RunConfig>;
  from: string;
  quiet: boolean;
}

const GRAMMAR: Grammar<Draft> = {
  name: "image make",
  flags: IMAGE_MAKE_FLAGS,
  set(draft, flag, value) {
    const { config } = draft;
    switch (flag) {
      case "cmd":
        config.Cmd = words(flag, value);
        return;
      case "entrypoint":
        config.Entrypoint = words(flag, value);
        return;
      case "env": {
        const entry = parseEnv(flag, value, process.env);
        if (entry !== undefined) config.Env = [...(config.Env ?? []), entry];
        return;
      }
      case "expose":
        if (!/^[0-9]{1,5}(\/(tcp|udp|sctp))?$/.test(value))
          throw invalidValue(flag, value, "a port, such as 80 or 53/udp");
        config.ExposedPorts = { ...config.ExposedPorts, [value.includes("/") ? value : `${value}/tcp`]: {} };
        return;
      case "volume":
        config.Volumes = { ...config.Volumes, [containerPath(flag, value)]: {} };
        return;
      case "label": {
        const equals = value.indexOf("=");
        if (equals === 0 || value === "") throw invalidValue(flag, value, "NAME=value");
        const name = equals < 0 ? value : value.slice(0, equals);
        config.Labels = { ...config.Labels, [name]: equals < 0 ? "" : value.slice(equals + 1) };
        return;
      }
      case "link":
        draft.links.push(...value.split(",").filter((name) => name !== ""));
        return;
      case "include":
        draft.include.push(inclusion(flag, value));
        return;
      case "from":
        draft.from = hostPath(flag, value).replace(/(?<=.)\/+$/, "");
        return;
      case "stop-signal":
        config.StopSignal = value;
        return;
      case "user":
        config.User = value;
        return;
      case "workdir":
        config.WorkingDir = containerPath(flag, value);
        return;
      default:
        draft.quiet = value === "true";
    }
  },
};

/** Reads `[flags] NAME PROGRAM…`; undefined if the help was asked for. */
export function parseImageMake(
  argv: readonly string[],
  from: number,
  globals: Globals,
): ImageMake | undefined {
  const draft: Draft = { from: "/", include: [], links: [], config: {}, quiet: false };
  const [name, ...programs] = parseArguments(GRAMMAR, argv, from, draft, globals);
  if (globals.help) return undefined;
  if (name === undefined || programs.length === 0)
    throw new HuskError(
      "invalid",
      `husk image make: ${name === undefined ? "the image's name is missing" : "the programs are missing"}`,
      { hint: "husk image make box busybox" },
    );
  const paths = programs.map((program) =>
    program.includes("/") && !program.startsWith("/") && draft.from === "/"
      ? hostPath("PROGRAM", program)
      : program,
  );
  return { name, programs: paths, ...draft };
}

/** A JSON list as in a Dockerfile's exec form, or words. */
function words(flag: string, value: string): string[] {
  if (!value.trimStart().startsWith("[")) return value.split(/\s+/).filter((word) => word !== "");
  try {
    const list: unknown = JSON.parse(value);
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  } catch {
    // Said below.
  }
  throw invalidValue(flag, value, 'words, or a JSON list such as ["sh", "-c", "echo $0"]');
}

/** `FILE` goes to the same path, `FILE:PATH` to another. */
function inclusion(flag: string, value: string): Inclusion {
  const colon = value.indexOf(":");
  const from = hostPath(flag, colon < 0 ? value : value.slice(0, colon)).replace(/(?<=.)\/+$/, "");
  return { from, to: containerPath(flag, colon < 0 ? from : value.slice(colon + 1), value) };
}
