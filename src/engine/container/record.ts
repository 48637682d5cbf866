import type { ImageIdentity, RunOptions } from "../run-options.ts";

/** Version of `container.json`. An older one is migrated when it is read, a newer one refused. */
export const RECORD_FORMAT = 1;

/**
 * `$root/containers/<id>/container.json`: what a container was asked to be. Written whole when it is created, and anew
 * by `rename` and `update` only; how it fares stands elsewhere (state.ts).
 */
export interface ContainerRecord {
  readonly format: typeof RECORD_FORMAT;
  /** 64 hexadecimal digits, or what the caller chose. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly source: ContainerSource;
  /** The container it was forked from. */
  readonly forked?: string;
  /** The end of the first client's input is the end of the program's (docker's StdinOnce). */
  readonly inputOnce: boolean;
  /** Everything asked for, an image's configuration filled in. */
  readonly options: RecordedOptions;
}

export type RecordedOptions = Omit<RunOptions, "source" | "name">;

/** Where the root file system comes from; an image by its digests, whatever its name stands for by now. */
export type ContainerSource =
  | { readonly kind: "host"; readonly with: readonly string[] }
  | ({ readonly kind: "image"; readonly name: string } & ImageIdentity)
  | { readonly kind: "rootfs"; readonly path: string }
  | { readonly kind: "bundle"; readonly path: string };

/** What people see as the container's image. */
export function imageName(source: ContainerSource): string {
  if (source.kind === "image") return source.name;
  return source.kind === "host" ? "host" : source.path;
}

/** What a container runs: where nobody says, and there is no image or bundle that does, it is `sh`. */
export function commandOf({ options, source }: ContainerRecord): readonly string[] {
  const isOwn = source.kind === "host" || source.kind === "rootfs";
  return options.command.length === 0 && isOwn ? ["sh"] : options.command;
}
