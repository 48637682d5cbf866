import type { RunConfig } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";
import type { RunOptions, UserSpec } from "./run-options.ts";

/** What of the options an image's configuration can fill in. */
export type ImageDefaults = Pick<RunOptions, "command" | "env" | "user" | "workdir">;

/**
 * What an image says of its program counts where the options say nothing (image-spec, config.md, "config").
 *
 * @param entrypoint replaces the image's; empty: none. The image's arguments then mean nothing, as docker has it.
 * @throws HuskError "invalid" when nobody names a program
 */
export function applyImageConfig(
  options: RunOptions,
  config: RunConfig,
  entrypoint: string | undefined,
  name: string,
): ImageDefaults {
  const first = entrypoint === undefined ? (config.Entrypoint ?? []) : entrypoint === "" ? [] : [entrypoint];
  const own = entrypoint === undefined ? (config.Cmd ?? []) : [];
  const command = [...first, ...(options.command.length > 0 ? options.command : own)];
  if (command.length === 0)
    throw new HuskError("invalid", `the image ${name} names no program`, {
      hint: "say which to run after its name",
    });
  // A name without a value would be filled in from the caller's environment, which no image may ask for.
  const env = (config.Env ?? []).filter((entry) => entry.includes("="));
  const user = options.user ?? (config.User ? parseUser(config.User) : undefined);
  const workdir = options.workdir ?? (config.WorkingDir || undefined);
  return {
    command,
    env: [...env, ...(options.env ?? [])],
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir: workdir.startsWith("/") ? workdir : `/${workdir}` }),
  };
}

/** `name|uid[:group|gid]`. */
function parseUser(text: string): UserSpec {
  const [user = "", group] = text.split(":");
  const value = (part: string): string | number => (/^[0-9]+$/.test(part) ? Number(part) : part);
  return { user: value(user), ...(group === undefined || group === "" ? {} : { group: value(group) }) };
}
