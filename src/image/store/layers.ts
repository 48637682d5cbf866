import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  closeSync,
  constants,
  utimesSync,
} from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { removeTree } from "../../platform/remove-tree.ts";
import { checkDigest } from "../reference.ts";
import { diskError } from "./disk-error.ts";
import type { ImageStore } from "./image-store.ts";
import { temporaryBeside, writeWhole } from "./write-whole.ts";

/** What is known of an unpacked layer. */
export interface LayerFacts {
  readonly diffId: string;
  /** Bytes of all files when unpacked. */
  readonly size: number;
}

/** The folder with a layer's files, for an overlay's lowerdir; whether or not it is there. */
export function layerFolder(store: ImageStore, diffId: string): string {
  return `${home(store, diffId)}/diff`;
}

/**
 * The folders of an image's layers, the topmost first, as overlayfs wants them. A layer that an image has twice stands
 * where it is highest: there it hides all it has further down, and overlayfs refuses to take a folder twice (ELOOP).
 *
 * @param diffIds the lowest first, as a configuration has them
 */
export function layerFolders(store: ImageStore, diffIds: readonly string[]): string[] {
  return [...new Set(diffIds.toReversed())].map((diffId) => layerFolder(store, diffId));
}

function home(store: ImageStore, diffId: string): string {
  checkDigest(diffId);
  return `${store.layers}/${diffId.replace(":", "-")}`;
}

/** Facts of an unpacked layer, which then counts as used now; undefined if it is not there. */
export function findLayer(store: ImageStore, diffId: string): LayerFacts | undefined {
  const path = `${home(store, diffId)}/layer.json`;
  try {
    const facts = JSON.parse(readFileSync(path, "utf8")) as LayerFacts;
    utimesSync(home(store, diffId), Date.now() / 1000, Date.now() / 1000);
    return facts;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw diskError(`cannot read ${path}`, cause);
  }
}

/** Whether layers of the store lack marks that overlays need ({@link readLostMarks}). */
export function lacksMarks(store: ImageStore): boolean {
  return layerNames(store).some((name) => existsSync(`${store.layers}/${name}/diff.opaque`));
}

/** A layer that is being unpacked. */
export interface NewLayer {
  /** Where its files belong. */
  readonly folder: string;
  /** Puts it in its place; if another process was faster, that one's stays. */
  commit(facts: LayerFacts): void;
  discard(): void;
}

/** Begins a layer, at a place of its own until it is whole. `key` is its diff id, or the blob's digest before that is known. */
export function newLayer(store: ImageStore, key: string): NewLayer {
  const temporary = temporaryBeside(`${store.layers}/new-${key.replace(":", "-")}`);
  const folder = `${temporary}/diff`;
  try {
    mkdirSync(temporary, { mode: 0o711 });
    mkdirSync(folder, { mode: 0o755 });
  } catch (cause) {
    throw diskError(`cannot unpack a layer in ${store.layers}`, cause);
  }
  return {
    folder,
    commit: (facts) => {
      writeWhole(`${temporary}/layer.json`, `${JSON.stringify(facts)}\n`);
      try {
        renameSync(temporary, home(store, facts.diffId));
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code !== "ENOTEMPTY" && code !== "EEXIST")
          throw diskError(`cannot put layer ${facts.diffId} in its place`, cause);
        removeAmongLayers(store, temporary);
      }
    },
    discard: () => void removeAmongLayers(store, temporary),
  };
}

/**
 * Removes a layer, so that from the first moment on it is no layer any more.
 *
 * @returns the folder that could not be removed ({@link removeAmongLayers})
 */
export function removeLayer(store: ImageStore, name: string, title = name): string | undefined {
  const gone = temporaryBeside(`${store.layers}/gone-${title}`);
  try {
    renameSync(`${store.layers}/${name}`, gone);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw diskError(`cannot remove layer ${name}`, cause);
  }
  return removeAmongLayers(store, gone);
}

/**
 * Removes what a process that is gone was making or removing. Several may try at once: who renames it has it.
 *
 * @returns the folder that could not be removed ({@link removeAmongLayers})
 */
export function removeAbandoned(store: ImageStore, name: string): string | undefined {
  return removeLayer(store, name, "abandoned");
}

/** Names of all that stands in the folder of layers. */
export function layerNames(store: ImageStore): string[] {
  return existsSync(store.layers) ? readdirSync(store.layers) : [];
}

/**
 * Removes a folder among the layers.
 *
 * @returns the folder, where it holds files of ids of a user namespace that `store.removeForeign` has to remove
 */
function removeAmongLayers(store: ImageStore, path: string): string | undefined {
  try {
    removeFolder(store.layers, path);
    return undefined;
  } catch (error) {
    const { code } = ((error as HuskError).cause ?? {}) as NodeJS.ErrnoException;
    if ((code === "EACCES" || code === "EPERM") && store.removeForeign !== undefined) return path;
    throw error;
  }
}

/** Removes a folder `path` in the folder `parent` with all that is in it. */
export function removeFolder(parent: string, path: string): void {
  const fd = openSync(parent, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    removeTree(fd, Buffer.from(path.slice(parent.length + 1)).toString("latin1"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new HuskError("failed", `cannot remove ${path}: ${message}`, {
      cause,
      ...(code === "EACCES" || code === "EPERM"
        ? { hint: "files in it belong to ids of a user namespace: remove it as root" }
        : {}),
    });
  } finally {
    closeSync(fd);
  }
}
