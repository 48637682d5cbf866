import { HuskError } from "../../platform/error.ts";
import type { Home } from "../home.ts";
import type { RunOptions } from "../run-options.ts";
import type { ContainerOptions, ImageSource } from "./options.ts";

/** Options with their source found, which must not be removed until `release` is called. */
export interface CompleteOptions {
  readonly options: RunOptions;
  release(): void;
}

/** What TypeScript would not let pass. */
function checkWords(image: unknown, command: unknown): void {
  if (typeof image !== "string" && (typeof image !== "object" || image === null))
    throw new HuskError("invalid", `${String(image)} is nothing that a container can be made of`, {
      hint: 'an image\'s name, "host", { host }, { rootfs } or { bundle }',
    });
  checkCommand(command);
}

/** A list of texts; a single text would count as a list of letters. @throws HuskError "invalid" */
export function checkCommand(command: unknown): void {
  if (Array.isArray(command) && command.every((word) => typeof word === "string")) return;
  throw new HuskError("invalid", "a command is a list of texts: program and arguments", {
    hint: 'such as ["ls", "-l"]',
  });
}

/**
 * Finds what a container is made of, and pulls it if it is missing.
 *
 * @throws HuskError what pulling throws
 */
export async function completeOptions(
  home: Home,
  image: ImageSource,
  command: readonly string[],
  { pull, platform, entrypoint, warn, signal, ...options }: ContainerOptions,
): Promise<CompleteOptions> {
  signal?.throwIfAborted();
  checkWords(image, command);
  const plain = (source: RunOptions["source"]): CompleteOptions => ({
    options: { ...options, source, command },
    release: () => {},
  });
  if (image === "host") return plain({ kind: "host", with: [] });
  if (typeof image !== "string") {
    if ("host" in image) return plain({ kind: "host", with: image.host });
    return plain(
      "rootfs" in image ? { kind: "rootfs", path: image.rootfs } : { kind: "bundle", path: image.bundle },
    );
  }
  const { withImage } = await import("../image-source.ts");
  const wanted = {
    name: image,
    pull: pull ?? "missing",
    ...(platform === undefined ? {} : { platform }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
  };
  const quiet = {
    missing() {},
    layer() {},
    done() {},
    warn: warn ?? (() => {}),
    ...(signal === undefined ? {} : { signal }),
  };
  return withImage(home, plain({ kind: "host", with: [] }).options, wanted, () => Promise.resolve(quiet));
}
