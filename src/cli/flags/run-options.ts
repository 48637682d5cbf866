import type { WantedImage } from "../../engine/image-source.ts";
import type { RunOptions, RunSource } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { readEnvFile } from "../values/env.ts";
import { NothingNamed } from "../usage-error.ts";
import { parseDetachKeys } from "../values/detach-keys.ts";
import { lifeOptions } from "./life-options.ts";
import { createFlags, EXPLAIN_FLAGS, RUN_FLAGS, RUN_LATER } from "./run.ts";
import type { LifeFlags } from "./set-life-flag.ts";
import { newRunFlags, type RunFlags, setRunFlag } from "./set-run-flag.ts";

/** A run line, read. */
export interface RunRequest {
  readonly options: RunOptions;
  /** Print the plan: without running (`explain`), or with measured times (`run --explain`). */
  readonly explain: boolean;
  readonly format: "text" | "json";
  readonly asShell: boolean;
  /** It is to live on its own. */
  readonly detach: boolean;
  /** Which streams the caller takes part in; empty: what `-i` and `-t` say. */
  readonly attach: LifeFlags["attach"];
  readonly detachKeys?: Uint8Array;
  /** Absolute path of a file that gets the container's id. */
  readonly cidfile?: string;
  /** An image that the container is made of, still to be found or pulled. */
  readonly image?: WantedImage & { readonly quiet: boolean };
}

const RUN: Grammar<RunFlags> = {
  name: "run",
  flags: RUN_FLAGS,
  later: RUN_LATER,
  flagsFirst: true,
  set: setRunFlag,
};

const EXPLAIN: Grammar<RunFlags> = {
  name: "explain",
  flags: EXPLAIN_FLAGS,
  later: RUN_LATER,
  flagsFirst: true,
  set: setRunFlag,
};

/**
 * Reads the arguments of `run` or `explain`: `[flags] host|--rootfs DIR|--bundle DIR [--] COMMAND…`.
 *
 * @returns undefined if the help was asked for
 * @throws HuskError `invalid` or `unsupported`, naming flag and value
 */
export function parseRun(
  command: "run" | "create" | "explain",
  argv: readonly string[],
  from: number,
  globals: Globals,
): RunRequest | undefined {
  const flags = newRunFlags();
  const grammar =
    command === "run"
      ? RUN
      : command === "explain"
        ? EXPLAIN
        : { ...RUN, name: "create", flags: createFlags() };
  const rest = parseArguments(grammar, argv, from, flags, globals);
  if (globals.help) return undefined;

  const { options } = flags;
  const { name, words } = takeSource(command, flags, rest);
  options.command = words;
  if (flags.envFiles.length > 0) {
    const env: string[] = [];
    for (const file of flags.envFiles) env.push(...readEnvFile("env-file", file, process.env));
    options.env = env.concat(options.env ?? []);
  }
  refuseConflicts(flags);
  const { detach, attach, cidfile, detachKeys } = flags.life;
  return {
    options: { ...options, ...lifeOptions(flags.life, options.rm === true) },
    detach,
    attach,
    ...(cidfile === undefined ? {} : { cidfile }),
    ...(detachKeys === undefined ? {} : { detachKeys: parseDetachKeys("detach-keys", detachKeys) }),
    explain: flags.explain || command === "explain",
    format: flags.format,
    asShell: flags.asShell,
    ...(name === undefined
      ? {}
      : {
          image: {
            ...flags.image,
            name,
            pull: flags.image.pull ?? "missing",
            quiet: flags.image.quiet === true,
          },
        }),
  };
}

/** Sets the source of the root file system and returns what is left: an image's name, and the command. */
function takeSource(command: string, flags: RunFlags, rest: string[]): { name?: string; words: string[] } {
  const { rootfs, bundle } = flags;
  let source: RunSource;
  let next = 0;
  let name: string | undefined;
  if (rootfs !== undefined && bundle !== undefined) {
    throw new HuskError("invalid", "--rootfs and --bundle cannot both be given", { hint: "leave one out" });
  }
  if (rootfs !== undefined) source = { kind: "rootfs", path: rootfs };
  else if (bundle !== undefined) source = { kind: "bundle", path: bundle };
  else {
    const image = rest[next++];
    if (image === undefined) {
      const Missing = command === "explain" ? HuskError : NothingNamed;
      throw new Missing("invalid", `husk ${command}: what to run is missing`, {
        hint: `husk ${command} host COMMAND…, or --rootfs DIR COMMAND…; see 'husk ${command} --help'`,
      });
    }
    if (image !== "host") name = image;
    source = { kind: "host", with: flags.with };
  }
  refuseImageFlags(flags, name);
  if ((source.kind !== "host" || name !== undefined) && flags.with.length > 0) {
    throw new HuskError("invalid", "--with adds folders to the image host only", {
      hint: "with an image, --rootfs or --bundle use --volume",
    });
  }
  if (rest[next] === "--") next++;
  flags.options.source = source;
  const words = next === 0 ? rest : rest.slice(next);
  return name === undefined ? { words } : { name, words };
}

function refuseImageFlags({ image }: RunFlags, name: string | undefined): void {
  if (name !== undefined) return;
  for (const flag of ["entrypoint", "platform", "pull"] as const) {
    if (image[flag] === undefined) continue;
    throw new HuskError("invalid", `--${flag} is for images only`, {
      hint: "leave it out, or name an image",
    });
  }
}

function refuseConflicts({ options, explain, format, asShell }: RunFlags): void {
  if (options.cpus !== undefined) {
    const other = options.cpuPeriod !== undefined ? "cpu-period" : "cpu-quota";
    if (options.cpuPeriod !== undefined || options.cpuQuota !== undefined) {
      throw new HuskError("invalid", `--cpus and --${other} cannot both be given`, {
        hint: "--cpus 1.5 is --cpu-period 100000 --cpu-quota 150000",
      });
    }
  }
  if (options.userns === "host" && (options.uidMap !== undefined || options.gidMap !== undefined)) {
    throw new HuskError("invalid", "--uidmap and --gidmap need a user namespace of the container's own", {
      hint: "leave out --userns host",
    });
  }
  if (asShell && format === "json") {
    throw new HuskError("invalid", "--as-shell and --format json cannot both be given", {
      hint: "leave one out",
    });
  }
  if (explain && options.tty === true) {
    throw new HuskError("invalid", "--explain and --tty cannot both be given", {
      hint: "the explanation needs the terminal; leave out -t",
    });
  }
}
