import { lstatSync, readdirSync } from "node:fs";
import {
  type MadeImage,
  type MakeContext,
  makeImage,
  newLayer,
  packLayer,
  type Platform,
  type Reference,
  type RunConfig,
  type TarEntry,
  parsePlatform,
} from "../image/index.ts";
import { includeFiles, type Inclusion, linkProgram, type MadeJail, makeJail } from "../jail/index.ts";
import { HuskError } from "../platform/error.ts";

/** An image of programs. */
export interface ProgramImage {
  readonly reference: Reference;
  /** Names that are looked up in `searchPath`, or absolute paths below `from`. */
  readonly programs: readonly string[];
  readonly searchPath: readonly string[];
  /** Absolute path of the root file system the programs come from. */
  readonly from: string;
  readonly include: readonly Inclusion[];
  /** What the configuration says; without entrypoint and cmd the first program is the entrypoint. */
  readonly config: RunConfig;
  /** Names beside the first program that mean it, as busybox has them. */
  readonly links: readonly string[];
  /** Seconds since 1970 that everything in the image is dated; absent: when the newest of its files was changed. */
  readonly epoch?: number;
}

/** What was made. */
export interface MadeProgramImage extends MadeImage {
  readonly jail: MadeJail;
}

export const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PATH = `PATH=${USUAL_PATH}`;

/**
 * Makes an image of programs with their loaders and libraries, and nothing else. Equal programs give an equal digest;
 * everything in it belongs to root.
 *
 * @throws HuskError "not-found" for what is missing, "invalid" for no program; nothing is left behind
 */
export async function makeProgramImage(
  context: MakeContext,
  wanted: ProgramImage,
): Promise<MadeProgramImage> {
  const { from, programs, searchPath } = wanted;
  if (programs.length === 0)
    throw new HuskError("invalid", "an image of programs needs one", { hint: "such as busybox" });
  const work = newLayer(context.store, "make");
  try {
    const jail = makeJail({ folder: work.folder, from, programs, searchPath, replace: false });
    const first = jail.programs[0]?.path as string;
    for (const name of wanted.links) linkProgram(work.folder, first, name);
    includeFiles(work.folder, wanted.include);
    const epoch = wanted.epoch ?? newest(work.folder);
    const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
    const mtime = { seconds: epoch, nanoseconds: 0 };
    const archive = () =>
      packLayer(
        work.folder,
        { overlay: false, change: (entry) => ({ ...asRoots(entry), mtime }) },
        context.tools,
      );
    const made = await makeImage(context, wanted.reference, {
      layers: [archive],
      config: {
        created,
        ...platformOf(jail),
        config: withProgram({ ...wanted.config, Env: [PATH, ...(wanted.config.Env ?? [])] }, first),
        history: [
          { created, created_by: `husk image make ${jail.programs.map(({ path }) => path).join(" ")}` },
        ],
      },
    });
    return { ...made, jail };
  } finally {
    work.discard();
  }
}

/** As people expect of an image of one program: its arguments stand behind the image's name. */
function withProgram(config: RunConfig, program: string): RunConfig {
  if (config.Entrypoint !== undefined || config.Cmd !== undefined) return config;
  return isShell(program) ? { ...config, Cmd: [program] } : { ...config, Entrypoint: [program] };
}

/** Of an image with a shell or busybox people name programs. */
function isShell(program: string): boolean {
  return /\/(busybox|toybox|(ba|da|k|mk|z|a)?sh|fish)$/.test(program);
}

function platformOf({ programs }: MadeJail): Platform {
  const machines = new Set(programs.flatMap(({ machine }) => machine ?? []));
  const [machine = process.arch, other] = machines;
  if (other !== undefined && !(machines.size === 2 && machines.has("x86_64") && machines.has("i386")))
    throw new HuskError("invalid", `programs for ${[...machines].join(" and ")} in one image`, {
      hint: "an image is for one processor: make one of each",
    });
  return parsePlatform(`linux/${machines.has("x86_64") ? "x86_64" : machine}`);
}

/** Root owns everything. What ran with somebody else's rights must not run with root's instead. */
function asRoots(entry: TarEntry): TarEntry {
  const dropped = (entry.uid === 0 ? 0 : 0o4000) | (entry.gid === 0 ? 0 : 0o2000);
  return { ...entry, uid: 0, gid: 0, mode: entry.type === "file" ? entry.mode & ~dropped : entry.mode };
}

/** When the newest file below a folder was changed, in seconds since 1970. */
function newest(folder: string): number {
  let found = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found = Math.max(found, newest(path));
    else if (entry.isFile()) found = Math.max(found, Math.floor(lstatSync(path).mtimeMs / 1000));
  }
  return found;
}
