import type { LayerProgress, PushProgress, Recipe, Removed, RunConfig, Tool } from "../../image/index.ts";
import type { Inclusion } from "../../jail/index.ts";
import type { Abortable } from "./options.ts";

/** An image of the engine's store. */
export interface ImageSummary {
  /** docker's image id, `sha256:…`: the digest of the configuration. */
  readonly id: string;
  /** As people write them: `debian:12`; none if it lost its last one. */
  readonly names: readonly string[];
  /** Of what its names stand for: an index or a manifest. */
  readonly digest: string;
  /** Milliseconds since 1970; 0 if it does not say. */
  readonly created: number;
  /** Bytes of its files when unpacked. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** `os/architecture[/variant]` of an image; absent: this machine's. */
export interface OfPlatform {
  readonly platform?: string;
}

/** Is told what is going on. */
export interface Warned {
  readonly warn?: (message: string) => void;
}

export interface PullSettings extends OfPlatform, Abortable, Warned {
  /** Is told how far each layer is. */
  readonly progress?: (progress: LayerProgress) => void;
}

export interface PushSettings extends OfPlatform, Abortable, Warned {
  readonly progress?: (progress: PushProgress) => void;
}

export interface SaveSettings extends OfPlatform, Abortable, Warned {
  /** Absent: "docker", which `docker load` takes as well as husk. */
  readonly form?: "docker" | "oci";
}

export interface ImportSettings extends OfPlatform, Abortable, Warned {
  /** The image's name; absent: it has none. */
  readonly name?: string;
  /** Instructions of a Dockerfile, such as `CMD ["sh"]`. */
  readonly changes?: readonly string[];
  readonly message?: string;
}

/** An image of programs of this machine: see {@link Images.make}. */
export interface MakeSettings extends Abortable, Warned {
  /** Files and folders besides: absolute paths here (`from`) and in the image (`to`). */
  readonly include?: readonly Inclusion[];
  /** Names beside the first program that mean it, as busybox has them. */
  readonly links?: readonly string[];
  /** Absolute path of the root file system the programs come from; absent: "/". */
  readonly from?: string;
  /** What the image's configuration says; without Entrypoint and Cmd the first program is the entrypoint. */
  readonly config?: RunConfig;
}

/** What a system is made of, see {@link Images.bootstrap}; absent: minbase, for this machine's processor. */
export interface BootstrapSettings extends Partial<Omit<Recipe, "distribution" | "suite">>, Abortable {
  /** Absent: by the recipe, such as `debian:bookworm`. */
  readonly name?: string;
  readonly tool?: Tool;
  /** Make it anew though there is an image of the same recipe. */
  readonly noCache?: boolean;
  /** Is told what the tool says, line by line. */
  readonly line?: (text: string) => void;
  readonly warn?: (message: string) => void;
}

/** What a prune removed. */
export interface PrunedImages {
  readonly images: readonly Removed[];
  /** Diff ids of layers. */
  readonly layers: readonly string[];
  readonly bytes: number;
}
