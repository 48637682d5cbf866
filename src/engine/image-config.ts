import type { RunConfig } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";
import { signalNumber } from "../platform/signal.ts";
import type { HealthCheck, RunOptions, UserSpec } from "./run-options.ts";

/** What of the options an image's configuration can fill in. */
export type ImageDefaults = Pick<
  RunOptions,
  "command" | "env" | "user" | "workdir" | "labels" | "stopSignal" | "health" | "imageVolumes"
> & {
  /** The first words of the command, if they are an entrypoint. */
  readonly entrypoint: readonly string[];
};

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
  const health = mergedHealth(options.health, imageHealth(config.Healthcheck));
  const stopSignal = options.stopSignal ?? signalNumber(config.StopSignal);
  return {
    command,
    entrypoint: first,
    env: [...env, ...(options.env ?? [])],
    ...(config.Labels ? { labels: { ...config.Labels, ...options.labels } } : {}),
    ...(config.Volumes ? { imageVolumes: Object.keys(config.Volumes) } : {}),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(health === undefined ? {} : { health }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir: workdir.startsWith("/") ? workdir : `/${workdir}` }),
  };
}

/** Who names a program of their own, or none, does not want the image's; times alone refine it. */
function mergedHealth(
  asked: HealthCheck | undefined,
  image: HealthCheck | undefined,
): HealthCheck | undefined {
  if (asked === undefined || asked.command !== undefined) return asked ?? image;
  return { ...image, ...asked };
}

const NANOSECONDS = 1_000_000;

/** `Test: ["CMD", …]`, `["CMD-SHELL", command]` or `["NONE"]`, times in nanoseconds (docker's image specification v1.2). */
function imageHealth(check: RunConfig["Healthcheck"]): HealthCheck | undefined {
  const test = check?.["Test"];
  if (check === undefined || !Array.isArray(test) || !test.every((word) => typeof word === "string"))
    return undefined;
  const command = healthCommand(test);
  if (command === undefined) return undefined;
  const milliseconds = (name: string): number | undefined => {
    const value = check[name];
    return typeof value === "number" && value > 0 ? Math.ceil(value / NANOSECONDS) : undefined;
  };
  const retries = check["Retries"];
  const times = {
    interval: milliseconds("Interval"),
    timeout: milliseconds("Timeout"),
    startPeriod: milliseconds("StartPeriod"),
    startInterval: milliseconds("StartInterval"),
    retries: typeof retries === "number" && retries > 0 ? retries : undefined,
  };
  return { command, ...withoutUndefined(times) };
}

function healthCommand([kind, ...words]: readonly string[]): readonly string[] | undefined {
  if (kind === "CMD") return words;
  if (kind === "CMD-SHELL") return ["/bin/sh", "-c", words[0] ?? ""];
  return kind === "NONE" ? [] : undefined;
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** `name|uid[:group|gid]`. */
function parseUser(text: string): UserSpec {
  const [user = "", group] = text.split(":");
  const value = (part: string): string | number => (/^[0-9]+$/.test(part) ? Number(part) : part);
  return { user: value(user), ...(group === undefined || group === "" ? {} : { group: value(group) }) };
}
