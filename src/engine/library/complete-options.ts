import type { Home } from "../home.ts";
import type { RunOptions } from "../run-options.ts";
import type { ContainerOptions, ImageSource } from "./options.ts";

/** Options with their source found, which must not be removed until `release` is called. */
export interface CompleteOptions {
  readonly options: RunOptions;
  release(): void;
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
  return withImage(home, plain({ kind: "host", with: [] }).options, wanted, quiet);
}
