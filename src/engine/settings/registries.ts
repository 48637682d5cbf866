import type { RegistryRule } from "../../image/registry/index.ts";
import { entries, type Refuse, type SettingsDraft } from "./draft.ts";

const FORM = `an object such as {"docker.io": {"mirrors": ["mirror.example"]}}`;

/** docker's `registry-mirrors`: of Docker Hub, by their addresses. */
export function hubMirrors(to: SettingsDraft, mirrors: readonly string[]): void {
  change(to, "docker.io", { mirrors: mirrors.map(mirrorAt) });
}

export function insecureRegistries(to: SettingsDraft, names: readonly string[], refuse: Refuse): void {
  for (const name of names) {
    if (/^[\d.]+\/\d+$|^[\da-f:]+\/\d+$/i.test(name))
      refuse("names of registries: ranges of addresses are not known");
    change(to, name, { insecure: true });
  }
}

export function blockedRegistries(to: SettingsDraft, names: readonly string[]): void {
  for (const name of names) change(to, name, { blocked: true });
}

/** `{prefix: {location, mirrors, insecure, blocked}}`, with the meaning they have in containers-registries.conf(5). */
export function addRegistries(to: SettingsDraft, value: unknown, refuse: Refuse): void {
  for (const [prefix, given] of entries(value, FORM, refuse)) {
    const rule: { -readonly [K in keyof RegistryRule]?: RegistryRule[K] } = {};
    for (const [name, setting] of entries(given, FORM, refuse)) {
      if (name === "location" && typeof setting === "string") rule.location = bare(setting);
      else if (
        name === "mirrors" &&
        Array.isArray(setting) &&
        setting.every((one) => typeof one === "string")
      )
        rule.mirrors = setting.map(mirrorAt);
      else if ((name === "insecure" || name === "blocked") && typeof setting === "boolean")
        rule[name] = setting;
      else refuse(`of "${prefix}": location, mirrors, insecure and blocked, not "${name}" so`);
    }
    change(to, prefix, rule);
  }
}

function change(to: SettingsDraft, name: string, changes: Partial<RegistryRule>): void {
  const prefix = bare(name);
  const rules = to.registries ?? [];
  const before = rules.find((rule) => rule.prefix === prefix);
  const rule = {
    ...(before ?? {
      prefix,
      location: prefix,
      insecure: false,
      blocked: false,
      mirrors: [],
      file: "husk.json",
    }),
    ...changes,
  };
  to.registries = [...rules.filter((other) => other !== before), rule];
}

/** An address without its scheme; plain HTTP is what `insecure` allows. */
function mirrorAt(address: string): RegistryRule["mirrors"][number] {
  return { location: bare(address), insecure: address.startsWith("http://"), for: "all" };
}

function bare(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/+$/, "");
}
