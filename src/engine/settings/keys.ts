import { bytesOfSize } from "../../platform/size.ts";
import { DETACH_KEYS_FORM, readDetachKeys } from "../attach/detach-keys.ts";
import { LOG_DRIVERS, logDriverNamed, setLogOption } from "../log/log-options.ts";
import { readUlimit } from "../ulimit.ts";
import { readCapabilities } from "./capabilities.ts";
import { readPool } from "./address-pool.ts";
import { entries, type Refuse, type SettingsDraft } from "./draft.ts";
import { addRegistries, blockedRegistries, hubMirrors, insecureRegistries } from "./registries.ts";
import type { AddressPool } from "./settings.ts";

interface Key {
  /** A variable of the environment may say it, too. */
  readonly isVariable?: true;
  /** Puts a value, as JSON or a variable has it, into the settings: over an earlier one, or to it. */
  take(settings: SettingsDraft, value: unknown, refuse: Refuse): void;
}

const PATH = "an absolute path";
const SIZE = "a size such as 512m, 1.5g or a number of bytes";

/** The keys of husk.json. Where docker's daemon.json has one for it, its name; else that of the flag. */
export const KEYS: Readonly<Record<string, Key>> = {
  root: { take: (to, value, refuse) => void (to.root = path(value, refuse)) },
  run: { take: (to, value, refuse) => void (to.run = path(value, refuse)) },
  "registry-mirrors": { isVariable: true, take: (to, value, refuse) => hubMirrors(to, list(value, refuse)) },
  "insecure-registries": {
    isVariable: true,
    take: (to, value, refuse) => insecureRegistries(to, list(value, refuse), refuse),
  },
  "blocked-registries": {
    isVariable: true,
    take: (to, value, refuse) => blockedRegistries(to, list(value, refuse)),
  },
  registries: { take: addRegistries },
  memory: { isVariable: true, take: (to, value, refuse) => void (to.memory = size(value, refuse)) },
  "memory-swap": {
    isVariable: true,
    take: (to, value, refuse) => void (to.memorySwap = `${value}` === "-1" ? -1 : size(value, refuse)),
  },
  "memory-reservation": {
    isVariable: true,
    take: (to, value, refuse) => void (to.memoryReservation = size(value, refuse)),
  },
  cpus: {
    isVariable: true,
    take(to, value, refuse) {
      const cpus = Number(scalar(value));
      to.cpus = cpus >= 0.01 ? cpus : refuse("a number of CPUs such as 1.5");
    },
  },
  "pids-limit": {
    isVariable: true,
    take(to, value, refuse) {
      const limit = Number(scalar(value));
      to.pidsLimit = Number.isInteger(limit) && limit >= -1 ? limit || -1 : refuse("a whole number, or -1");
    },
  },
  "default-ulimits": { take: takeUlimits },
  "default-shm-size": {
    isVariable: true,
    take: (to, value, refuse) => void (to.shmSize = size(value, refuse)),
  },
  "log-driver": {
    isVariable: true,
    take(to, value, refuse) {
      to.log = { ...to.log, driver: logDriverNamed(scalar(value)) ?? refuse(LOG_DRIVERS) };
    },
  },
  "log-opts": { take: takeLogOptions },
  "default-capabilities": {
    isVariable: true,
    take: (to, value, refuse) => void (to.capabilities = readCapabilities(list(value, refuse), refuse)),
  },
  "seccomp-profile": {
    isVariable: true,
    take(to, value, refuse) {
      const text = scalar(value);
      if (text === "unconfined" || text === "builtin") to.seccomp = text;
      else
        to.seccomp = text.startsWith("/")
          ? { file: text }
          : refuse("builtin, unconfined or an absolute path");
    },
  },
  "no-new-privileges": {
    isVariable: true,
    take(to, value, refuse) {
      const text = `${value as string}`;
      to.noNewPrivileges = text === "true" || (text !== "false" && refuse("true or false"));
    },
  },
  "default-address-pools": {
    take(to, value, refuse) {
      if (!Array.isArray(value)) refuse(`a list such as [{"base": "10.80.0.0/16", "size": 24}]`);
      to.addressPools = (value as unknown[]).map((pool): AddressPool => readPool(pool, refuse));
    },
  },
  "cdi-spec-dirs": {
    isVariable: true,
    take: (to, value, refuse) => void (to.cdiFolders = list(value, refuse).map((one) => path(one, refuse))),
  },
  "detach-keys": {
    isVariable: true,
    take: (to, value, refuse) =>
      void (to.detachKeys = readDetachKeys(scalar(value)) ?? refuse(DETACH_KEYS_FORM)),
  },
};

/** The key that a variable of the environment is about: `log-driver` of HUSK_LOG_DRIVER; undefined: none. */
export function keyOfVariable(name: string): string | undefined {
  const key = name.slice("HUSK_".length).toLowerCase().replaceAll("_", "-");
  return Object.hasOwn(KEYS, key) && KEYS[key]?.isVariable === true ? key : undefined;
}

function scalar(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `${value}` : "";
}

function path(value: unknown, refuse: Refuse): string {
  return typeof value === "string" && value.startsWith("/") ? value : refuse(PATH);
}

function size(value: unknown, refuse: Refuse): number {
  return bytesOfSize(scalar(value)) ?? refuse(SIZE);
}

/** Of a variable: words with commas between them. */
function list(value: unknown, refuse: Refuse): string[] {
  if (typeof value === "string") return value.split(",");
  if (Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "")) return value;
  return refuse("a list of texts");
}

function takeUlimits(to: SettingsDraft, value: unknown, refuse: Refuse): void {
  for (const [name, given] of entries(value, `an object such as {"nofile": "1024:4096"}`, refuse)) {
    const ulimit = readUlimit(name, typeof given === "object" ? ofDocker(given) : scalar(given));
    if (typeof ulimit === "string") refuse(ulimit);
    else to.ulimits = [...(to.ulimits ?? []).filter((one) => one.name !== name), ulimit];
  }
}

/** docker's: {"Name": "nofile", "Soft": 1024, "Hard": 4096} */
function ofDocker(given: unknown): string {
  const { Soft, Hard } = Object(given) as { Soft?: unknown; Hard?: unknown };
  return `${scalar(Soft)}:${scalar(Hard)}`;
}

function takeLogOptions(to: SettingsDraft, value: unknown, refuse: Refuse): void {
  const log = { ...to.log };
  for (const [name, given] of entries(value, `an object such as {"max-size": "10m"}`, refuse)) {
    const expected = setLogOption(log, name, scalar(given));
    if (expected !== undefined) refuse(expected);
  }
  to.log = log;
}
