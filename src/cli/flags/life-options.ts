import { readFileSync } from "node:fs";
import type { HealthCheck, RunOptions } from "../../engine/run-options.ts";
import { readSettings } from "../../engine/settings/read-settings.ts";
import { HuskError } from "../../platform/error.ts";
import { parseLabels } from "../values/label.ts";
import type { LifeFlags } from "./set-life-flag.ts";

/** What of a container's options the flags about its life say. */
export type LifeOptions = Pick<RunOptions, "health" | "labels" | "log" | "restart" | "stopTimeout">;

/**
 * Completes the flags about a container's life.
 *
 * @throws HuskError "invalid" for what contradicts itself
 */
export function lifeOptions(flags: LifeFlags, removes: boolean): LifeOptions {
  const { restart, stopTimeout, log } = flags;
  if (removes && restart !== undefined && restart.kind !== "no")
    throw new HuskError("invalid", "conflicting options: cannot specify both --restart and --rm", {
      hint: "leave one out",
    });
  if (flags.detach && flags.attach.length > 0)
    throw new HuskError("invalid", "conflicting options: cannot specify both --attach and --detach", {
      hint: "leave one out",
    });
  if (log.driver === "none" && (log.maxSize !== undefined || log.maxFile !== undefined))
    throw new HuskError("invalid", "--log-opt: with --log-driver none there is no log", {
      hint: "leave one out",
    });
  if (
    log.maxFile !== undefined &&
    log.maxFile > 1 &&
    log.maxSize === undefined &&
    readSettings().log?.maxSize === undefined
  )
    throw new HuskError("invalid", "--log-opt max-file: without max-size there is one file only", {
      hint: "add --log-opt max-size=10m",
    });
  const health = healthOf(flags);
  const labels = labelsOf(flags);
  return {
    ...(health === undefined ? {} : { health }),
    ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(log).length === 0 ? {} : { log }),
    ...(restart === undefined ? {} : { restart }),
    ...(stopTimeout === undefined ? {} : { stopTimeout }),
  };
}

function healthOf({ noHealth, health }: LifeFlags): HealthCheck | undefined {
  const isGiven = Object.keys(health).length > 0;
  if (!noHealth) return isGiven ? health : undefined;
  if (isGiven)
    throw new HuskError("invalid", "--no-healthcheck conflicts with --health-* options", {
      hint: "leave one out",
    });
  return { command: [] };
}

/** The files' labels first, then the single ones; a later one counts. */
function labelsOf({ labels, labelFiles }: LifeFlags): Record<string, string> | undefined {
  if (labels.length + labelFiles.length === 0) return undefined;
  const fromFiles = labelFiles.flatMap((file) => parseLabelFile(file));
  return { ...parseLabels("label-file", fromFiles), ...parseLabels("label", labels) };
}

/** A label a line; empty lines and those that begin with # count for nothing. */
function parseLabelFile(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HuskError("invalid", `--label-file: cannot read ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const lines = text.split("\n").map((line) => line.trimStart().replace(/\r$/, ""));
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}
