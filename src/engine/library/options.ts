import type { RunOptions } from "../run-options.ts";

/** Where an engine keeps its state, and which programs it starts; absent: as the `husk` command has it. */
export interface EngineOptions {
  /** Folder of what stays. Absent: HUSK_ROOT, /var/lib/husk, or $XDG_DATA_HOME/husk. */
  readonly root?: string;
  /** Folder of what dies with a boot. Absent: HUSK_RUN, `root`/run if that is given, /run/husk, or $XDG_RUNTIME_DIR/husk. */
  readonly run?: string;
  /** Path of the keeper's executable. Absent: the one this package brings. */
  readonly keeper?: string;
  /** How keepers start husk for restarts and health checks: path and first arguments. Absent: this package's own. */
  readonly husk?: readonly string[];
}

/**
 * What a container is made of: an image's name as on the command line (`debian:12`; `host` is this machine's own
 * programs), or a folder.
 */
export type ImageSource =
  | string
  | { readonly host: readonly string[] }
  | { readonly rootfs: string }
  | { readonly bundle: string };

/** Everything a container can be asked to be, with docker's names; see {@link RunOptions} for units. */
export interface ContainerOptions extends Omit<RunOptions, "source" | "command"> {
  /** Whether an image is looked for at its registry. Absent: "missing", if it is not here. */
  readonly pull?: "missing" | "always" | "never";
  /** `os/architecture[/variant]` of the image; absent: this machine's. */
  readonly platform?: string;
  /** Replaces the image's; empty: none. */
  readonly entrypoint?: string;
  /** Is told what is stricter than asked, or mended. */
  readonly warn?: (message: string) => void;
  /** Gives it up: pulling, waiting for somebody else, and of {@link Engine.run} the container. */
  readonly signal?: AbortSignal;
}

/** What can be given up. */
export interface Abortable {
  readonly signal?: AbortSignal;
}
