import { LOG_DRIVERS, type LogDraft, logDriverNamed, setLogOption } from "../../engine/log/log-options.ts";
import type { HealthCheck, LogDriver, RestartPolicy } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import { parseDuration } from "../values/duration.ts";
import { invalidValue } from "../values/invalid.ts";
import { parseInteger } from "../values/number.ts";
import { hostPath } from "../values/path.ts";

/** What the flags about a container's life add up to while they are read. */
export interface LifeFlags {
  detach: boolean;
  /** Which of the streams the caller takes part in; empty: what `-i` and `-t` say. */
  readonly attach: ("stdin" | "stdout" | "stderr")[];
  detachKeys?: string;
  /** Absolute path of a file that gets the container's id. */
  cidfile?: string;
  readonly labels: string[];
  readonly labelFiles: string[];
  restart?: RestartPolicy;
  stopTimeout?: number;
  noHealth: boolean;
  health: { -readonly [K in keyof HealthCheck]: HealthCheck[K] };
  log: LogDraft;
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Takes one of those flags by its long name; false: it is none of them. */
export function setLifeFlag(life: LifeFlags, flag: string, value: string): boolean {
  switch (flag) {
    case "attach":
      life.attach.push(stream(flag, value));
      return true;
    case "cidfile":
      life.cidfile = hostPath(flag, value);
      return true;
    case "detach":
      life.detach = value === "true";
      return true;
    case "detach-keys":
      life.detachKeys = value;
      return true;
    case "health-cmd":
      if (value !== "") life.health.command = ["/bin/sh", "-c", value];
      return true;
    case "health-interval":
      setTime(life, "interval", flag, value);
      return true;
    case "health-retries":
      life.health.retries = parseInteger(flag, value, 0, MOST, "a whole number from 0 up");
      return true;
    case "health-start-interval":
      setTime(life, "startInterval", flag, value);
      return true;
    case "health-start-period":
      setTime(life, "startPeriod", flag, value);
      return true;
    case "health-timeout":
      setTime(life, "timeout", flag, value);
      return true;
    case "label":
      life.labels.push(value);
      return true;
    case "label-file":
      life.labelFiles.push(value);
      return true;
    case "log-driver":
      life.log.driver = logDriver(flag, value);
      return true;
    case "log-opt":
      logOption(life.log, flag, value);
      return true;
    case "no-healthcheck":
      life.noHealth = value === "true";
      return true;
    case "restart":
      life.restart = parseRestart(value);
      return true;
    case "stop-timeout":
      life.stopTimeout = parseSeconds(flag, value);
      return true;
    default:
      return false;
  }
}

function stream(flag: string, value: string): "stdin" | "stdout" | "stderr" {
  const name = value.toLowerCase();
  if (name === "stdin" || name === "stdout" || name === "stderr") return name;
  throw invalidValue(flag, value, "stdin, stdout or stderr");
}

/** 0 means the default, as docker has it. */
function setTime(
  life: LifeFlags,
  name: "interval" | "startInterval" | "startPeriod" | "timeout",
  flag: string,
  value: string,
): void {
  const time = parseDuration(flag, value);
  if (time > 0) life.health[name] = time;
}

/** Seconds, -1 for ever; in milliseconds. */
export function parseSeconds(flag: string, value: string): number {
  const seconds = parseInteger(flag, value, -1, 2 ** 31 - 1, "seconds, or -1 to wait for ever");
  return seconds < 0 ? -1 : seconds * 1000;
}

/** `no`, `always`, `unless-stopped` or `on-failure[:N]`, with docker's words for anything else. */
function parseRestart(value: string): RestartPolicy {
  const [kind = "", count, more] = value.split(":");
  if (kind === "on-failure" && more === undefined) {
    if (count === undefined) return { kind };
    const retries = /^\d{1,9}$/.test(count) ? Number(count) : undefined;
    if (retries === undefined)
      throw new HuskError("invalid", "invalid restart policy format: maximum retry count must be an integer");
    return retries === 0 ? { kind } : { kind, retries };
  }
  if (count !== undefined)
    throw new HuskError(
      "invalid",
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    );
  if (kind === "" || kind === "no") return { kind: "no" };
  if (kind === "always" || kind === "unless-stopped") return { kind };
  throw new HuskError(
    "invalid",
    `invalid restart policy: unknown policy '${value}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
  );
}

function logDriver(flag: string, value: string): LogDriver {
  const driver = logDriverNamed(value);
  if (driver === undefined) throw invalidValue(flag, value, LOG_DRIVERS);
  return driver;
}

function logOption(log: LogDraft, flag: string, value: string): void {
  const equals = value.indexOf("=");
  const name = equals === -1 ? value : value.slice(0, equals);
  const expected = setLogOption(log, name, equals === -1 ? "" : value.slice(equals + 1));
  if (expected !== undefined) throw invalidValue(flag, value, expected);
}
