import { closeSync, createReadStream, openSync, rmSync, writeSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { runsHere } from "../../runtime/emulation.ts";
import { packLayer, rewriteArchive } from "../layer/index.ts";
import { type MadeImage, type MakeContext, makeImage } from "../make/index.ts";
import type { Descriptor } from "../oci.ts";
import { parseConfig, parseManifest } from "../parse-oci.ts";
import type { Reference } from "../reference.ts";
import { findLayer, nameImage, newLayer, readBlob, readIndex, useStore } from "../store/index.ts";
import { TarReader } from "../tar/index.ts";
import { platformOf, type Recipe, recipeDigest, recipeWords } from "./recipe.ts";
import { runTool } from "./run-tool.ts";
import { isPackaged, tidied } from "./tidy.ts";
import { chooseTool, type Tool, toolCommand, toolEnvironment } from "./tool.ts";

export interface BootstrapOptions {
  readonly recipe: Recipe;
  readonly reference: Reference;
  /** Absent: what is installed. */
  readonly tool?: Tool;
  /** An image of the same recipe that is here already is taken. */
  readonly cache: boolean;
  /** Seconds since 1970 that nothing in the image is younger than (reproducible-builds.org); absent: by its packages. */
  readonly epoch?: number;
  /** Is told what the tool says. */
  readonly line: (text: string) => void;
  /** Gets what ends the tool before its time. */
  readonly started?: (stop: () => void) => void;
}

/** An image of a system. */
export interface Bootstrapped {
  readonly digest: string;
  /** It was here already. */
  readonly cached: boolean;
}

const ANNOTATION = "husk.bootstrap.recipe";
const BASE_NAME = "org.opencontainers.image.title";

/**
 * Makes an image of a system from a distribution's packages. The same packages give the same digest, whenever it is
 * made: what tells of this machine or this moment is left out, and times are those of the packages.
 *
 * @throws HuskError "unavailable" without a tool, "failed" with the tool's words; nothing is left behind
 */
export async function bootstrapImage(context: MakeContext, options: BootstrapOptions): Promise<Bootstrapped> {
  const { store } = context;
  const { recipe, reference } = options;
  const digest = recipeDigest(recipe);
  const use = await useStore(store);
  try {
    if (options.cache) {
      const found = findByRecipe(context, digest);
      if (found !== undefined) {
        await nameImage(store, reference, found);
        return { digest: found.digest, cached: true };
      }
    }
    const made = await make(context, options, digest);
    return { digest: made.digest, cached: false };
  } finally {
    use.release();
  }
}

/** ELF's names of processors where Debian has others. */
const machines: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  armhf: "arm",
  armel: "arm",
  ppc64el: "ppc64",
};

/** An image of the store that was made by the same recipe, and is whole. */
function findByRecipe({ store }: MakeContext, digest: string): Descriptor | undefined {
  for (const { annotations: _names, ...descriptor } of readIndex(store).manifests) {
    try {
      const parsed = parseManifest(
        readBlob(store, descriptor.digest),
        descriptor.mediaType,
        descriptor.digest,
      );
      if (parsed.kind === "index" || parsed.manifest.annotations?.[ANNOTATION] !== digest) continue;
      const { config } = parsed.manifest;
      const { rootfs } = parseConfig(readBlob(store, config.digest), config.digest);
      if (rootfs.diff_ids.every((diffId) => findLayer(store, diffId) !== undefined)) return descriptor;
    } catch {
      continue;
    }
  }
  return undefined;
}

async function make(context: MakeContext, options: BootstrapOptions, digest: string): Promise<MadeImage> {
  const { recipe, reference } = options;
  const { architecture } = recipe;
  const platform = platformOf(architecture);
  if (!runsHere(machines[architecture] ?? architecture))
    throw new HuskError(
      "unavailable",
      `${recipeWords(recipe)}: programs for ${architecture} do not run on this machine`,
      {
        hint: "the packages' scripts have to: apt-get install qemu-user-static, which registers an emulator",
      },
    );
  const isRoot = process.geteuid?.() === 0;
  const found = chooseTool(options.tool, recipe, isRoot);
  const work = newLayer(context.store, "bootstrap");
  const archive = `${work.folder}/system.tar`;
  const log = `${work.folder}/log`;
  const begun = Math.floor(Date.now() / 1000);
  try {
    const folder = `${work.folder}/system`;
    const env = toolEnvironment(process.env);
    // An ordinary user's tool works as ids that may not come here; it takes /tmp.
    if (isRoot) env.push(`TMPDIR=${work.folder}`);
    const command = toolCommand(found, recipe, found.tool === "mmdebstrap" ? archive : folder);
    await runTool(
      {
        command,
        env,
        apart: isRoot,
        log,
        line: options.line,
        ...(options.started && { started: options.started }),
      },
      context.tools,
    );
    if (found.tool === "debootstrap") await packInto(archive, folder, context);
    const epoch = options.epoch ?? (await newestOf(archive, begun));
    const times = { begun, epoch };
    const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
    return await makeImage(context, reference, {
      layers: [() => rewriteArchive(createReadStream(archive), (entry) => tidied(entry, times))],
      config: {
        created,
        ...platform,
        config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["bash"] },
        history: [{ created, created_by: recipeWords(recipe) }],
      },
      annotations: { [ANNOTATION]: digest, [BASE_NAME]: `${recipe.distribution} ${recipe.suite}` },
    });
  } finally {
    work.discard();
  }
}

async function packInto(archive: string, folder: string, { tools }: MakeContext): Promise<void> {
  const fd = openSync(archive, "wx", 0o600);
  try {
    for await (const piece of packLayer(folder, { overlay: false }, tools))
      for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
  } finally {
    closeSync(fd);
  }
  rmSync(folder, { recursive: true });
}

/** When the newest file of all packages was made, in seconds since 1970. */
async function newestOf(archive: string, begun: number): Promise<number> {
  let newest = 0;
  const reader = new TarReader({
    entry: (entry) => {
      if (isPackaged(entry, begun)) newest = Math.max(newest, entry.mtime.seconds);
    },
    data: () => {},
    end: () => {},
  });
  for await (const piece of createReadStream(archive)) reader.write(piece as Uint8Array);
  reader.close();
  return newest;
}
