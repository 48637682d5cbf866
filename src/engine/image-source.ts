import { statSync } from "node:fs";
import type { Platform, Pulled, StoredImage } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";
import { installKeeper } from "../platform/keeper-file.ts";
import { openFolders } from "./folders.ts";
import { fileOwners } from "./image-owners.ts";
import type { Engine } from "./run.ts";
import type { RunOptions, UserSpec } from "./run-options.ts";

/** An image that a container shall be made of. */
export interface WantedImage {
  /** As people write it: `debian:12`. */
  readonly name: string;
  readonly pull: "missing" | "always" | "never";
  /** `os/architecture[/variant]`; absent: this machine's. */
  readonly platform?: string;
  /** Replaces the image's; empty: none. */
  readonly entrypoint?: string;
}

/** Tells what is going on while an image is pulled. */
export interface PullReporter {
  /** The image is not here. */
  missing(name: string): void;
  layer(progress: { digest: string; state: string; current: number; total: number }): void;
  done(name: string, digest: string): void;
  warn(message: string): void;
}

/**
 * Completes options by an image: its layers, and what its configuration says where the options do not. A missing image
 * is pulled first, if that is wished.
 *
 * @throws HuskError "not-found", and what pulling throws
 */
export async function withImage(
  engine: Engine,
  options: RunOptions,
  wanted: WantedImage,
  report: PullReporter,
): Promise<RunOptions> {
  const {
    hostPlatform,
    layerFolder,
    loadImage,
    openImageStore,
    parsePlatform,
    parseReference,
    readInLayers,
  } = await import("../image/index.ts");
  const reference = parseReference(wanted.name);
  const store = openImageStore(openFolders(engine.folders).root);
  const platform = wanted.platform === undefined ? hostPlatform() : parsePlatform(wanted.platform);
  let image: StoredImage | Pulled | undefined =
    wanted.pull === "always" ? undefined : loadImage(store, reference, platform);
  const layersOf = ({ config }: StoredImage | Pulled): string[] =>
    config.rootfs.diff_ids.map((diffId) => layerFolder(store, diffId)).toReversed();
  const isWhole =
    image !== undefined && layersOf(image).every((path) => statSync(path, { throwIfNoEntry: false }));
  if (image === undefined || !isWhole) {
    if (wanted.pull === "never")
      throw new HuskError("not-found", `there is no image ${wanted.name}`, {
        hint: "leave out --pull never, or: husk pull",
      });
    report.missing(wanted.name);
    image = await pull(engine, wanted.name, platform, report);
  }
  const { config } = image;
  const layers = layersOf(image);
  if (layers.length === 0)
    throw new HuskError("invalid", `the image ${wanted.name} has no layers: there is no program in it`, {
      hint: "it is no image of a root file system",
    });
  const read = (path: string): string => Buffer.from(readInLayers(layers, path, 4 << 20) ?? []).toString();
  const run = config.config ?? {};
  const entrypoint =
    wanted.entrypoint === undefined
      ? (run.Entrypoint ?? [])
      : wanted.entrypoint === ""
        ? []
        : [wanted.entrypoint];
  // As docker: another entrypoint makes the image's arguments meaningless.
  const args =
    options.command.length > 0 ? options.command : wanted.entrypoint === undefined ? (run.Cmd ?? []) : [];
  const command = [...entrypoint, ...args];
  if (command.length === 0)
    throw new HuskError("invalid", `the image ${wanted.name} names no program`, {
      hint: "say which to run after its name",
    });
  const user = options.user ?? (run.User ? parseUser(run.User) : undefined);
  const workdir = options.workdir ?? (run.WorkingDir || undefined);
  return {
    ...options,
    source: {
      kind: "image",
      name: wanted.name,
      layers,
      accounts: { passwd: read("/etc/passwd"), group: read("/etc/group") },
    },
    command,
    env: [...(run.Env ?? []), ...(options.env ?? [])],
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
  };
}

/** Pulls an image with what this machine and user have: rules, credentials, rights. */
export async function pull(
  engine: Engine,
  name: string,
  platform: Platform,
  report: PullReporter,
): Promise<Pulled> {
  const { DEFAULT_RETRIES, findCredentials, openImageStore, parseReference, pullImage, readRegistryRules } =
    await import("../image/index.ts");
  const folders = openFolders(engine.folders);
  const store = openImageStore(folders.root);
  const pulled = await pullImage(store, parseReference(name), {
    platform,
    rules: readRegistryRules(),
    session: {
      retries: DEFAULT_RETRIES,
      credentials: (registry) => findCredentials(registry),
      certificates: ["/etc/containers/certs.d", "/etc/docker/certs.d"],
    },
    unpack: { whiteouts: "overlay", ...fileOwners(), warn: report.warn },
    tools: { keeper: installKeeper(engine.keeper, folders.root), reportDirectory: folders.run },
    parallel: 3,
    progress: (progress) => report.layer(progress),
  });
  report.done(name, pulled.digest);
  return pulled;
}

/** `name|uid[:group|gid]` (image-spec, config.md, "User"). */
function parseUser(text: string): UserSpec {
  const [user = "", group] = text.split(":");
  const value = (part: string): string | number => (/^[0-9]+$/.test(part) ? Number(part) : part);
  return { user: value(user), ...(group === undefined || group === "" ? {} : { group: value(group) }) };
}
