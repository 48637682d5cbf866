import { HuskError } from "../../platform/error.ts";
import { type CheckpointOptions, checkpointContainer, type CriuFlags } from "../../runtime/oci/checkpoint.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { hostPath } from "../values/path.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci checkpoint [OPTIONS] ID`. */
export async function ociCheckpoint({ argv, from, globals, runtime, criu }: OciCall): Promise<number> {
  const given = ociArguments("checkpoint", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "checkpoint"]);
  const parent = given.text("parent-path");
  const statusFd = given.has("status-fd") ? given.count("status-fd") : undefined;
  const server = given.text("page-server");
  const options: CheckpointOptions = {
    ...criuFlags(given, criu),
    leaveRunning: given.on("leave-running"),
    preDump: given.on("pre-dump"),
    linkRemap: given.on("link-remap"),
    tcpSkipInFlight: given.on("tcp-skip-in-flight"),
    ...(parent ? { parent } : {}),
    ...(statusFd === undefined ? {} : { statusFd }),
    ...(server ? { pageServer: pageServer(server) } : {}),
  };
  await checkpointContainer(runtime, given.words[0] as string, options);
  return 0;
}

/** The flags that checkpoint and restore share. */
export function criuFlags(given: CommandArguments, criu: string): CriuFlags {
  const cgroupsMode = given.text("manage-cgroups-mode");
  if (cgroupsMode && !["soft", "full", "strict", "ignore"].includes(cgroupsMode))
    throw new HuskError("invalid", "Invalid manage-cgroups-mode value", {
      hint: "soft, full, strict or ignore",
    });
  for (const kind of given.list("empty-ns"))
    if (kind !== "network")
      throw new HuskError("invalid", `namespace ${JSON.stringify(kind)} is not supported`);
  const work = given.text("work-path");
  return {
    images: hostPath("image-path", given.text("image-path") || "checkpoint"),
    ...(work ? { work: hostPath("work-path", work) } : {}),
    tcpEstablished: given.on("tcp-established"),
    externalUnixSockets: given.on("ext-unix-sk"),
    shellJob: given.on("shell-job"),
    fileLocks: given.on("file-locks"),
    autoDedup: given.on("auto-dedup"),
    lazyPages: given.on("lazy-pages"),
    ...(cgroupsMode ? { cgroupsMode } : {}),
    criu,
  };
}

function pageServer(text: string): { address: string; port: number } {
  const [, address, port = ""] = /^\[?([^\]]+?)\]?:(\d*)$/.exec(text) ?? [];
  if (address === undefined || port === "")
    throw new HuskError("invalid", "Use --page-server ADDRESS:PORT to specify page server");
  if (Number(port) > 65535 || Number(port) === 0) throw new HuskError("invalid", "Invalid port number");
  return { address, port: Number(port) };
}
