import { type FSWatcher, watch } from "node:fs";

/** How often is looked where the kernel cannot tell. */
const POLL_MILLISECONDS = 100;

/** Tells when something in a folder changes. */
export interface FolderWatch {
  /**
   * Resolves as soon as something has changed since the last call, or after `milliseconds`: with the names of what
   * changed, none after the time.
   */
  change(milliseconds: number): Promise<ReadonlySet<string>>;
  close(): void;
}

/** A watch that its owner tells what has changed. */
export interface ToldWatch extends FolderWatch {
  tell(name: string): void;
}

/** @param signal wakes a call that waits */
export function toldWatch(signal: AbortSignal | undefined): ToldWatch {
  let names = new Set<string>();
  let wake: (() => void) | undefined;
  const abort = (): void => wake?.();
  signal?.addEventListener("abort", abort);
  return {
    tell(name) {
      names.add(name);
      wake?.();
    },
    async change(milliseconds) {
      if (names.size === 0 && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      const changed = names;
      names = new Set();
      return changed;
    },
    close: () => signal?.removeEventListener("abort", abort),
  };
}

/**
 * Watches the files of a folder (inotify(7)), not what is in folders below it.
 *
 * @param signal wakes a call that waits
 * @param warn is told when the kernel cannot watch, so that the folder is looked at from time to time
 */
export function watchFolder(
  folder: string,
  signal: AbortSignal | undefined,
  warn: (message: string) => void,
): FolderWatch {
  const told = toldWatch(signal);
  const watcher = startWatching(folder, told.tell, warn);
  return {
    change: (milliseconds) =>
      told.change(watcher === undefined ? Math.min(milliseconds, POLL_MILLISECONDS) : milliseconds),
    close() {
      told.close();
      watcher?.close();
    },
  };
}

function startWatching(
  folder: string,
  told: (name: string) => void,
  warn: (message: string) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(folder, (_event, name) => told(name ?? ""));
    watcher.on("error", () => told(""));
    return watcher;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT")
      warn(
        `cannot watch ${folder} (${code}): it is looked at ten times a second — see fs.inotify in sysctl(8)`,
      );
    return undefined;
  }
}
