import { constants } from "node:os";
import { type ContainerRecord, imageName } from "../container/record.ts";
import type { HealthCheck, UserSpec } from "../run-options.ts";

/** `Config` in docker's layout: what does not depend on the machine. */
export function containerConfig({ id, options, source }: ContainerRecord): Record<string, unknown> {
  const { command, tty = false, interactive = false, env = [], health, stopSignal, stopTimeout } = options;
  const entrypoint = source.kind === "image" ? source.entrypoint : [];
  const volumes = (options.mounts ?? []).filter(({ type }) => type === "volume").map(({ target }) => target);
  return {
    Hostname: options.hostname ?? id.slice(0, 12),
    Domainname: options.domainname ?? "",
    User: userText(options.user),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: tty,
    OpenStdin: interactive,
    StdinOnce: false,
    Env: [...env],
    Cmd: command.length === entrypoint.length ? null : command.slice(entrypoint.length),
    ...(health === undefined ? {} : { Healthcheck: healthcheck(health) }),
    ...(options.expose === undefined
      ? {}
      : { ExposedPorts: Object.fromEntries(options.expose.map((port) => [port, {}])) }),
    Image: imageName(source),
    Volumes: volumes.length === 0 ? null : Object.fromEntries(volumes.map((target) => [target, {}])),
    WorkingDir: options.workdir ?? "",
    Entrypoint: entrypoint.length === 0 ? null : [...entrypoint],
    OnBuild: null,
    Labels: { ...options.labels },
    ...(stopSignal === undefined ? {} : { StopSignal: signalName(stopSignal) }),
    ...(stopTimeout === undefined ? {} : { StopTimeout: Math.ceil(stopTimeout / 1000) }),
  };
}

function userText(user: UserSpec | undefined): string {
  if (user === undefined) return "";
  return user.group === undefined ? `${user.user}` : `${user.user}:${user.group}`;
}

/** docker counts in nanoseconds. */
function healthcheck({
  command,
  interval,
  timeout,
  retries,
  startPeriod,
  startInterval,
}: HealthCheck): object {
  const nanoseconds = (name: string, milliseconds: number | undefined): object =>
    milliseconds === undefined ? {} : { [name]: milliseconds * 1_000_000 };
  return {
    ...(command === undefined ? {} : { Test: healthTest(command) }),
    ...nanoseconds("Interval", interval),
    ...nanoseconds("Timeout", timeout),
    ...nanoseconds("StartPeriod", startPeriod),
    ...nanoseconds("StartInterval", startInterval),
    ...(retries === undefined ? {} : { Retries: retries }),
  };
}

/** As docker has it: a command line for the shell is one word. */
function healthTest(command: readonly string[]): string[] {
  const [shell, flag, line, ...rest] = command;
  if (shell === undefined) return ["NONE"];
  if (shell === "/bin/sh" && flag === "-c" && line !== undefined && rest.length === 0)
    return ["CMD-SHELL", line];
  return ["CMD", ...command];
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `${number}`;
}
