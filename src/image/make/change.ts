import { HuskError } from "../../platform/error.ts";
import type { RunConfig } from "../oci.ts";

type Draft = { -readonly [Key in keyof RunConfig]: RunConfig[Key] };

/** Instructions that `commit --change` and `import --change` take, as docker's. */
const INSTRUCTIONS =
  "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR";

/**
 * How to run an image, changed by instructions of a Dockerfile: `ENV A=1 B="two words"`, `CMD ["sh", "-c", "date"]`.
 *
 * @throws HuskError "invalid" naming the instruction
 */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  const draft: Draft = { ...config };
  for (const change of changes) apply(draft, change.trim());
  return draft;
}

function apply(draft: Draft, change: string): void {
  const space = /\s/.exec(change)?.index ?? change.length;
  const name = change.slice(0, space).toUpperCase();
  const rest = change.slice(space).trim();
  if (rest === "" && name !== "CMD" && name !== "ENTRYPOINT" && INSTRUCTIONS.split(", ").includes(name))
    throw refuse(change, `${name} needs an argument`);
  switch (name) {
    case "CMD":
      draft.Cmd = commandOf(rest, draft);
      return;
    case "ENTRYPOINT":
      draft.Entrypoint = commandOf(rest, draft);
      return;
    case "SHELL":
      draft.Shell = jsonWords(rest) ?? wrong(change, 'SHELL takes JSON: ["/bin/bash", "-c"]');
      return;
    case "ENV": {
      const env = new Map(
        (draft.Env ?? []).map((item) => [
          item.slice(0, (item.indexOf("=") + 1 || item.length + 1) - 1),
          item,
        ]),
      );
      for (const [key, value] of pairs(rest, change)) env.set(key, `${key}=${value}`);
      draft.Env = [...env.values()];
      return;
    }
    case "LABEL":
      draft.Labels = { ...draft.Labels, ...Object.fromEntries(pairs(rest, change)) };
      return;
    case "EXPOSE": {
      const ports = rest.split(/\s+/).flatMap((port) => portsOf(port, change));
      draft.ExposedPorts = { ...draft.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
      return;
    }
    case "VOLUME": {
      const volumes = jsonWords(rest) ?? words(rest, change);
      draft.Volumes = { ...draft.Volumes, ...Object.fromEntries(volumes.map((path) => [path, {}])) };
      return;
    }
    case "USER":
      draft.User = rest;
      return;
    case "WORKDIR":
      draft.WorkingDir = absolute(draft.WorkingDir ?? "/", rest);
      return;
    case "STOPSIGNAL":
      draft.StopSignal = rest;
      return;
    case "ONBUILD":
      draft.OnBuild = [...(draft.OnBuild ?? []), rest];
      return;
    case "HEALTHCHECK":
      draft.Healthcheck = healthcheck(rest, change);
      return;
    default:
      throw refuse(change, `${JSON.stringify(name)} is no instruction that can be given here`);
  }
}

/** JSON is the program with its arguments, other text a line for the shell. */
function commandOf(rest: string, { Shell }: Draft): string[] {
  if (rest === "") return [];
  return jsonWords(rest) ?? [...(Shell ?? ["/bin/sh", "-c"]), rest];
}

function jsonWords(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

/** `KEY=value` words; or, as in old Dockerfiles, one key and the rest of the line. */
function pairs(text: string, change: string): [string, string][] {
  const list = words(text, change);
  if (!list[0]?.includes("=")) {
    const space = /\s/.exec(text)?.index;
    if (space === undefined) throw refuse(change, `${text} has no value`);
    return [[text.slice(0, space), text.slice(space).trim()]];
  }
  return list.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw refuse(change, `${JSON.stringify(word)} is no KEY=value`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Words divided by spaces, with quotes and backslashes as a Dockerfile has them. */
function words(text: string, change: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const one = text[i] as string;
    if (quote !== "") {
      if (one === quote) quote = "";
      else if (one === "\\" && quote === '"' && /["\\$]/.test(text[i + 1] ?? "")) word += text[++i] as string;
      else word += one;
    } else if (/\s/.test(one)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (one === '"' || one === "'") {
      quote = one;
      word ??= "";
    } else word = (word ?? "") + (one === "\\" && i + 1 < text.length ? (text[++i] as string) : one);
  }
  if (quote !== "") throw refuse(change, `a ${quote} is not closed`);
  if (word !== undefined) found.push(word);
  return found;
}

function portsOf(text: string, change: string): string[] {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last > 65535 || last < first)
    throw refuse(change, `${text} is no port[-port][/tcp|udp|sctp]`);
  return Array.from(
    { length: last - first + 1 },
    (_, i) => `${first + i}/${(match[3] ?? "tcp").toLowerCase()}`,
  );
}

function absolute(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${from}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `[--interval=30s …] CMD command` or `NONE`; times in nanoseconds, as docker keeps them. */
function healthcheck(text: string, change: string): Record<string, unknown> {
  const check: Record<string, unknown> = {};
  let rest = text;
  for (
    let match = /^--([a-z-]+)=(\S+)\s*/.exec(rest);
    match !== null;
    match = /^--([a-z-]+)=(\S+)\s*/.exec(rest)
  ) {
    rest = rest.slice(match[0].length);
    const [, flag = "", value = ""] = match;
    const name = {
      interval: "Interval",
      timeout: "Timeout",
      "start-period": "StartPeriod",
      "start-interval": "StartInterval",
    }[flag];
    if (name !== undefined) check[name] = nanoseconds(value, change);
    else if (flag === "retries" && /^[0-9]+$/.test(value)) check["Retries"] = Number(value);
    else throw refuse(change, `--${flag}=${value} is no flag of HEALTHCHECK`);
  }
  if (/^none$/i.test(rest)) return { Test: ["NONE"] };
  const command = /^cmd\s+(.+)$/is.exec(rest)?.[1];
  if (command === undefined) throw refuse(change, "HEALTHCHECK is NONE, or CMD and a command");
  const list = jsonWords(command);
  return { Test: list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list], ...check };
}

function nanoseconds(text: string, change: string): number {
  let total = 0;
  let rest = text;
  do {
    const match = /^([0-9]+\.?[0-9]*)(ns|us|ms|s|m|h)/.exec(rest);
    if (match === null) throw refuse(change, `${text} is no time such as 30s`);
    total += Number(match[1]) * (NANOSECONDS[match[2] as string] as number);
    rest = rest.slice(match[0].length);
  } while (rest !== "");
  return Math.round(total);
}

function wrong(change: string, why: string): never {
  throw refuse(change, why);
}

function refuse(change: string, why: string): HuskError {
  return new HuskError("invalid", `change ${JSON.stringify(change)}: ${why}`, {
    hint: `instructions are ${INSTRUCTIONS}`,
  });
}
