import { type CommandArguments, readArguments } from "../command-arguments.ts";
import type { Globals } from "../grammar.ts";
import { OCI_COMMANDS } from "./oci.ts";

export interface OciArgumentLimits {
  /** How many words there may be. */
  readonly least: number;
  readonly most: number;
  /** Flags end at the first word. */
  readonly flagsFirst?: boolean;
}

/** Reads the arguments of a command of `husk oci`; undefined: its help was asked for. */
export function ociArguments(
  command: string,
  argv: readonly string[],
  from: number,
  globals: Globals,
  limits: OciArgumentLimits,
): CommandArguments | undefined {
  const shape = { name: `oci ${command}`, flags: OCI_COMMANDS[command] as string, ...limits };
  return readArguments(shape, argv, from, globals);
}
