import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { parseToml, type TomlTable, type TomlValue } from "./toml.ts";

/** A place that an image can be had from. */
export interface Endpoint {
  /** Host and perhaps a path that takes the prefix's place: `mirror.example/hub`. */
  readonly location: string;
  /** Plain HTTP, and certificates that cannot be verified, are accepted. */
  readonly insecure: boolean;
  /** A mirror for names with a digest, with a tag, or for all. */
  readonly for?: "all" | "digest-only" | "tag-only";
}

/** One `[[registry]]` of containers-registries.conf(5). */
export interface RegistryRule {
  /** `example.com`, `example.com/team`, `*.example.com`. */
  readonly prefix: string;
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly Endpoint[];
  /** Where it stands; absent: a registries.conf. */
  readonly file?: string;
}

/**
 * The rules of this machine and user: $CONTAINERS_REGISTRIES_CONF, or ~/.config/containers/registries.conf, or
 * /etc/containers/registries.conf, with the files of registries.conf.d beside them.
 *
 * @param settings rules that go before those of the same prefix
 * @throws HuskError "invalid", "denied" naming the file
 */
export function readRegistryRules(
  settings: readonly RegistryRule[] = [],
  env: NodeJS.ProcessEnv = process.env,
): RegistryRule[] {
  const files: string[] = [];
  const own =
    env.HOME === undefined ? undefined : `${env.XDG_CONFIG_HOME ?? `${env.HOME}/.config`}/containers`;
  if (env.CONTAINERS_REGISTRIES_CONF !== undefined) files.push(env.CONTAINERS_REGISTRIES_CONF);
  else {
    const main = [`${own}/registries.conf`, "/etc/containers/registries.conf"].find((path) =>
      existsSync(path),
    );
    if (main !== undefined) files.push(main);
    for (const folder of ["/etc/containers/registries.conf.d", `${own}/registries.conf.d`])
      if (existsSync(folder))
        for (const name of readdirSync(folder).toSorted())
          if (name.endsWith(".conf")) files.push(`${folder}/${name}`);
  }
  const rules = new Map<string, RegistryRule>();
  for (const file of files)
    for (const rule of parseRules(readRules(file), file)) rules.set(rule.prefix, rule);
  for (const rule of settings) rules.set(rule.prefix, rule);
  return [...rules.values()];
}

function readRules(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    // Without it, images might come from where it forbids.
    throw new HuskError(
      "denied",
      `cannot read the rules for registries in ${file}: ${(cause as Error).message}`,
      {
        cause,
        hint: "make it readable; $CONTAINERS_REGISTRIES_CONF names another file",
      },
    );
  }
}

/** @throws HuskError "invalid" naming the file */
export function parseRules(text: string, file: string): RegistryRule[] {
  const toml = parseToml(text, file);
  return tables(toml["registry"], file).map((table) => {
    const location = string(table["location"]);
    const prefix = string(table["prefix"]) ?? location;
    if (prefix === undefined)
      throw new HuskError("invalid", `${file}: a [[registry]] has neither prefix nor location`, {
        hint: "see containers-registries.conf(5)",
      });
    const digestOnly = table["mirror-by-digest-only"] === true;
    return {
      prefix,
      location: location ?? prefix,
      insecure: table["insecure"] === true,
      blocked: table["blocked"] === true,
      mirrors: tables(table["mirror"], file).map((mirror) => {
        const pull = string(mirror["pull-from-mirror"]);
        return {
          location: string(mirror["location"]) ?? "",
          insecure: mirror["insecure"] === true,
          for: pull === "digest-only" || pull === "tag-only" ? pull : digestOnly ? "digest-only" : "all",
        };
      }),
    };
  });
}

function tables(value: TomlValue | undefined, file: string): TomlTable[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "object" && !Array.isArray(item)))
    return value as TomlTable[];
  throw new HuskError("invalid", `${file}: registry and mirror are [[tables]]`, {
    hint: "see containers-registries.conf(5)",
  });
}

function string(value: TomlValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The rule whose prefix is the longest that fits `registry/repository`. */
function ruleFor(rules: readonly RegistryRule[], name: string): RegistryRule | undefined {
  let best: RegistryRule | undefined;
  for (const rule of rules)
    if (fits(rule.prefix, name) && (best === undefined || rule.prefix.length > best.prefix.length))
      best = rule;
  return best;
}

function fits(prefix: string, name: string): boolean {
  if (prefix.startsWith("*.")) return name.split("/")[0]?.split(":")[0]?.endsWith(prefix.slice(1)) === true;
  return name === prefix || (name.startsWith(prefix) && /^[/:@]/.test(name.slice(prefix.length)));
}

/**
 * Where an image may be had, mirrors first.
 *
 * @param name `registry/repository`
 * @throws HuskError "denied" when the registry is blocked
 */
export function endpointsOf(
  rules: readonly RegistryRule[],
  name: string,
  byDigest: boolean,
): { registry: string; repository: string; insecure: boolean }[] {
  const rule = ruleFor(rules, name);
  if (rule?.blocked === true)
    throw new HuskError("denied", `the registry of ${name} is blocked on this machine`, {
      hint: `the rule for ${rule.prefix} in ${rule.file ?? "registries.conf"} says so`,
    });
  const divide = (whole: string, insecure: boolean) => {
    const slash = whole.indexOf("/");
    return { registry: whole.slice(0, slash), repository: whole.slice(slash + 1), insecure };
  };
  if (rule === undefined) return [divide(name, false)];
  const isWild = rule.prefix.startsWith("*.");
  const rest = isWild ? name.slice(name.indexOf("/")) : name.slice(rule.prefix.length);
  const mirrors = rule.mirrors.filter(
    (mirror) =>
      mirror.location !== "" && (mirror.for === "all" || (mirror.for === "digest-only") === byDigest),
  );
  const own = isWild && rule.location === rule.prefix ? name : `${rule.location}${rest}`;
  return [
    ...mirrors.map(({ location, insecure }) => divide(`${location}${rest}`, insecure)),
    divide(own, rule.insecure),
  ];
}
