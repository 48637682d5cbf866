import type { Globals } from "../grammar.ts";

/** What `husk inspect` finds things of one kind by. */
export interface Inspector {
  /** As `--type` and errors name it. */
  readonly kind: string;
  /** What docker's inspect tells of the thing of this name or id; undefined: there is none. */
  find(name: string): object | undefined | Promise<object | undefined>;
}

/** How things are looked at. */
export interface InspectOptions {
  readonly globals: Globals;
  /** `os/architecture[/variant]` of images. */
  readonly platform: string | undefined;
  /** Also how large containers are. */
  readonly size?: boolean;
}

/** The kinds there are, in the order in which a name is looked for. */
export const INSPECTORS: readonly [kind: string, load: (options: InspectOptions) => Promise<Inspector>][] = [
  ["container", async (options) => (await import("./container.ts")).containerInspector(options)],
  ["image", async (options) => (await import("./image.ts")).imageInspector(options)],
  ["volume", async (options) => (await import("./volume.ts")).volumeInspector(options)],
];
