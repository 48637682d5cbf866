import { findTarget } from "../../engine/life/target.ts";
import { HuskError } from "../../platform/error.ts";
import { readArguments } from "../command-arguments.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { invalidValue } from "../values/invalid.ts";
import { printHelp } from "../print-help.ts";

/**
 * `husk port`: where a container's ports are published. Containers have no network of their own in this version
 * (`--network none`) or the host's, so none ever is.
 */
export function port(argv: readonly string[], from: number, globals: Globals): number | Promise<number> {
  const shape = { name: "port", flags: CONTAINER_FLAGS.port, least: 1, most: 2 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["port"]);
  const [name = "", wanted] = given.words;
  findTarget(homeOf(globals), name);
  if (wanted === undefined) return 0;
  const parts = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(wanted);
  if (parts === null || Number(parts[1]) > 65_535)
    throw invalidValue("port", wanted, "a port of the container, with /tcp, /udp or /sctp");
  throw new HuskError("not-found", `no public port '${parts[1]}/${parts[2] ?? "tcp"}' published for ${name}`);
}
