import type { Joins } from "../joins.ts";
import type { Accounts } from "../user.ts";

/** What composing a configuration needs to know besides the options; what is rarely needed is asked for by a function. */
export interface SpecFacts {
  readonly id: string;
  /** husk's own effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** husk may make namespaces without a user namespace, and write any id map. */
  readonly privileged: boolean;
  /** husk runs in a user namespace below the machine's first one. */
  readonly nested: boolean;
  /** Names of the capabilities husk can hand on. */
  capabilities(): readonly string[];
  /** husk's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Host name of this machine. */
  hostname(): string;
  /** Namespaces of other containers that are joined: absolute paths. */
  readonly joins?: Joins;
  /** The container's /etc/passwd and /etc/group. */
  accounts(): Accounts;
}
