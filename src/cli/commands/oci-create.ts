import { createContainer } from "../../runtime/oci/create.ts";
import type { CreateOptions } from "../../runtime/oci/prepare.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import type { OciCall } from "./oci.ts";
import { printHelp } from "../print-help.ts";

/** `husk oci create [OPTIONS] ID`: a container that waits for `start`. */
export async function ociCreate(call: OciCall): Promise<number> {
  const { argv, from, globals, runtime } = call;
  const given = ociArguments("create", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "create"]);
  await createContainer(runtime, createOptions(given, call), "wait");
  return 0;
}

/** The options that create and run share. */
export function createOptions(given: CommandArguments, { cgroupManager }: OciCall): CreateOptions {
  const [config, pidFile] = [given.path("config"), given.path("pid-file")];
  const [consoleSocket, pidfdSocket] = [given.path("console-socket"), given.path("pidfd-socket")];
  return {
    id: given.words[0] as string,
    bundle: given.path("bundle") ?? process.cwd(),
    cgroupManager,
    noPivot: given.on("no-pivot"),
    noNewKeyring: given.on("no-new-keyring"),
    preserveFds: given.count("preserve-fds"),
    ...(config === undefined ? {} : { config }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(pidfdSocket === undefined ? {} : { pidfdSocket }),
  };
}
