import type { RegistryRule } from "../../image/registry/index.ts";
import type { LogOptions, Ulimit } from "../run-options.ts";

/** What the configuration files and the environment say, read and checked; docs/configuration.md tells of each. */
export interface Settings {
  /** Absolute paths. */
  readonly root?: string;
  readonly run?: string;
  /** Rules for registries, as containers-registries.conf(5) has them; they go before its own. */
  readonly registries?: readonly RegistryRule[];
  /** Limits of containers that are not given others: bytes, numbers of CPUs and processes. */
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  readonly cpus?: number;
  readonly pidsLimit?: number;
  readonly ulimits?: readonly Ulimit[];
  readonly shmSize?: number;
  readonly log?: LogOptions;
  /** What containers may have before `--cap-add` and `--cap-drop`. */
  readonly capabilities?: readonly string[];
  readonly seccomp?: "unconfined" | "builtin" | { readonly file: string };
  readonly noNewPrivileges?: boolean;
  readonly addressPools?: readonly AddressPool[];
  readonly cdiFolders?: readonly string[];
  /** The bytes that detach. */
  readonly detachKeys?: Uint8Array;
  /** Each key that was given, with its value as written and where it stands: a file, or a variable's name. */
  readonly given: readonly GivenSetting[];
}

export interface GivenSetting {
  readonly key: string;
  readonly value: unknown;
  readonly from: string;
}

/** Addresses that networks may be made of. */
export interface AddressPool {
  /** `10.80.0.0/16`, `fd00:80::/48` */
  readonly base: string;
  /** Length of each network's prefix. */
  readonly size: number;
}

export const NO_SETTINGS: Settings = { given: [] };
