import { openSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { criuFailure } from "../criu/failure.ts";
import { namespaceFiles } from "../../namespace/index.ts";
import type { Spec } from "../config.ts";
import { parseJson } from "../json-syntax.ts";
import { planRestore } from "../plan-restore.ts";
import { configFile, type CriuFlags, DESCRIPTORS, externalKey, makeFolders } from "./checkpoint.ts";
import { createContainer, type ForegroundContainer, runInForeground, type Runtime } from "./create.ts";
import type { CreateOptions, Prepare } from "./prepare.ts";
import { prepareRequest } from "./prepare.ts";

export interface RestoreFlags extends CriuFlags {
  readonly lsmProfile?: string;
  readonly lsmMountContext?: string;
}

const FIRST_PASSED = 3;
const LOG = "restore.log";

/**
 * Makes a container of what {@link checkpointContainer} has written.
 *
 * @param detach leave it to whoever reaps this process's children; otherwise it stays below this process
 * @throws HuskError "conflict" for an id that is taken; what criu failed at, with its log's words
 */
export async function restoreContainer(
  runtime: Runtime,
  options: CreateOptions,
  flags: RestoreFlags,
  detach: boolean,
): Promise<ForegroundContainer | undefined> {
  const prepare = prepareRestore(flags);
  if (!detach) return runInForeground(runtime, options, false, prepare);
  await createContainer(runtime, options, "detach", prepare);
  return undefined;
}

function prepareRestore(flags: RestoreFlags): Prepare {
  return async (...given) => {
    const { spec, rootfs, request, warnings } = await prepareRequest(...given);
    const { images, work } = flags;
    makeFolders(images, work);
    const opened = [openFile(images), ...(work === undefined ? [] : [openFile(work)])];
    const inherited: [string, number][] = streamsOf(images);
    const joined: [string, string][] = [];
    for (const { type, path } of spec.linux.namespaces ?? []) {
      if (!path) continue;
      if (type === "cgroup")
        throw new HuskError("unsupported", `Do not know how to handle namespace ${type}`, {
          hint: "criu cannot join a control group namespace",
        });
      if (type === "network" || type === "pid") {
        inherited.push([externalKey(type), FIRST_PASSED + opened.length]);
        opened.push(openFile(path, `linux.namespaces: ${type}: `));
      } else joined.push([namespaceFiles[type], path]);
    }
    const descriptors = [...opened, opened[0] as number];
    const planned = planRestore({
      ...request,
      rootfs,
      preserve: descriptors.length,
      program: flags.criu,
      criuFolders: work === undefined ? [images] : [images, work],
      socketAt: FIRST_PASSED + descriptors.length - 1,
      criu: {
        ...flags,
        imagesFd: FIRST_PASSED,
        workFd: work === undefined ? undefined : FIRST_PASSED + 1,
        logFile: LOG,
        root: rootfs,
        configFile: configFile(spec),
        inherited,
        joined,
      },
    });
    return {
      // criu makes a time namespace in any case: programs that enter later have to be in it.
      spec: withTime(spec),
      rootfs,
      planned,
      warnings: [...warnings, ...planned.warnings],
      descriptors,
      failed: (report, failure) => criuFailure("restore", failure, report, `${work ?? images}/${LOG}`),
    };
  };
}

function openFile(path: string, at = ""): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new HuskError(code === "ENOENT" ? "not-found" : "denied", `${at}cannot open ${path}: ${message}`, {
      cause,
    });
  }
}

/** Pipes that the standard streams were, and are to be again. */
function streamsOf(images: string): [string, number][] {
  let text: string;
  try {
    text = readFileSync(`${images}/${DESCRIPTORS}`, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `cannot read ${images}/${DESCRIPTORS}: ${(cause as Error).message}`, {
      cause,
      hint: "is this the folder that checkpoint --image-path wrote?",
    });
  }
  const streams = parseJson(text, `${images}/${DESCRIPTORS}`);
  const found: [string, number][] = [];
  if (Array.isArray(streams))
    streams.forEach((name, fd) => {
      if (typeof name === "string" && name.includes("pipe:")) found.push([name, fd]);
    });
  return found;
}

function withTime(spec: Spec): Spec {
  const namespaces = spec.linux.namespaces ?? [];
  if (namespaces.some(({ type }) => type === "time")) return spec;
  return { ...spec, linux: { ...spec.linux, namespaces: [...namespaces, { type: "time" }] } };
}
