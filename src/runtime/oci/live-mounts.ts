import { readFileSync } from "node:fs";
import { joinNamespaces, openNamespacesOf } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { Clone, cloneArgs, List, type Result, Wait } from "../../plan/index.ts";
import { addMounts, cleanPath, type Mount, rootView } from "../../rootfs/index.ts";
import type { Spec } from "../config.ts";
import { readHostFacts } from "../host-facts.ts";
import { parseJson } from "../json-syntax.ts";
import { mountIdMaps } from "../mount-id-maps.ts";
import { becomeRoot } from "../process/credentials.ts";
import { refuseInspection } from "../process/inspection.ts";
import { asObject } from "../validate/field.ts";
import { checkMount } from "../validate/mount.ts";
import type { Runtime } from "./create.ts";
import { withLock } from "./lock.ts";
import { openProcessHandle, setgroupsDenied } from "./process-handle.ts";
import { performList } from "./small-plan.ts";
import { type Container, readContainer } from "./state.ts";

const FIRST_PASSED = 3;
const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const PATIENCE_MS = 60_000;

/**
 * Reads the mounts of a file: the list `mounts` of a configuration, alone or in its object.
 *
 * @throws HuskError "invalid" with the place in the file
 */
export function readMounts(content: string, file: string, warn: (message: string) => void): Mount[] {
  const json = parseJson(content, file);
  const mounts = Array.isArray(json) ? json : asObject(json, file).mounts;
  if (!Array.isArray(mounts))
    throw new HuskError("invalid", `${file}: expected a list of mounts`, {
      hint: "as in a config.json: the list itself, or an object with it as mounts",
    });
  try {
    mounts.forEach((mount, i) => checkMount(mount, `mounts[${i}]`, warn));
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    throw new HuskError(error.code, `${file}: ${error.message}`, { hint: error.hint, cause: error });
  }
  return mounts as Mount[];
}

/**
 * Adds mounts to a container that is there (`mounts add` of crun): all of them, or the first that fails is told and
 * those before it stay.
 *
 * @throws HuskError "conflict" unless it is created, running or paused
 */
export async function addLiveMounts(runtime: Runtime, id: string, mounts: readonly Mount[]): Promise<void> {
  await inMountNamespace(runtime, id, ({ keeper, mounter, root, spec, container }) => {
    const kinds = new Set((spec.linux.namespaces ?? []).map(({ type }) => type));
    for (const { destination, type } of mounts)
      if (type === "cgroup" || type === "cgroup2")
        throw new HuskError(
          "unsupported",
          `mount on ${destination}: control groups are mounted at creation only`,
        );
    const { bundle, rootfs } = container.state;
    addMounts(
      {
        root: rootView(mounter, root),
        source: { kind: "directory", path: rootfs },
        bundle,
        keeper,
        userNamespace: kinds.has("user"),
        ownNetwork: kinds.has("network"),
        ownProcesses: kinds.has("pid"),
        label: spec.linux.mountLabel,
        ...(readHostFacts().privileged ? { idMaps: { make: mountIdMaps(keeper) } } : {}),
      },
      mounts,
    );
  });
}

/** Takes mounts away from a container that is there; of each mount only its destination counts. */
export async function removeLiveMounts(
  runtime: Runtime,
  id: string,
  mounts: readonly Mount[],
): Promise<void> {
  await inMountNamespace(runtime, id, ({ mounter, root }) => {
    mounter.call("fchdir", root);
    mounter.call("chroot", ".");
    for (const mount of mounts) {
      const destination = cleanPath(mount.destination);
      mounter.step(`remove the mount on ${destination}`, "who has files of it open keeps them");
      mounter.call("umount2", destination, MNT_DETACH | UMOUNT_NOFOLLOW).about(destination);
    }
  });
}

interface Inside {
  readonly keeper: List;
  /** Performed in the container's namespaces, as its root. */
  readonly mounter: List;
  /** The container's root, which may be another one than its mount namespace's. */
  readonly root: Result;
  readonly spec: Spec;
  readonly container: Container;
}

function stopped(): HuskError {
  return new HuskError("conflict", "cannot change the mounts of a container that has stopped");
}

async function inMountNamespace(runtime: Runtime, id: string, fill: (inside: Inside) => void): Promise<void> {
  const { files } = readContainer(runtime.root, id);
  await withLock(files.lock, async () => {
    const container = readContainer(runtime.root, id);
    const { process } = container;
    const handle = process === undefined ? undefined : openProcessHandle(process);
    if (handle === undefined) throw stopped();
    try {
      const spec = JSON.parse(readFileSync(files.config, "utf8")) as Spec;
      const kinds = (spec.linux.namespaces ?? []).map(({ type }) => type);
      if (!kinds.includes("mount"))
        throw new HuskError("invalid", `container ${id} has no mounts of its own`, {
          hint: "it shares the host's: mount(8) changes those",
        });
      const [keeper, joiner, mounter] = [new List("keeper"), new List("joiner"), new List("mounter")];
      keeper.step("the container's namespaces", "mounts are made in there");
      const joined = openNamespacesOf(keeper, FIRST_PASSED, kinds);
      mounter.step("the container's root", "paths are the container's");
      const root = mounter.call("openat", FIRST_PASSED, "root", O_PATH_DIRECTORY_CLOEXEC, 0);
      fill({ keeper, mounter, root, spec, container });
      refuseInspection(joiner);
      joinNamespaces(joiner, joined);
      if (kinds.includes("user")) {
        const deniesGroups = setgroupsDenied(handle);
        if (deniesGroups === undefined) throw stopped();
        becomeRoot(joiner, deniesGroups);
      }
      joiner.step("new process", "only a child is in the pid namespace that was entered");
      joiner.add(new Wait(joiner.add(new Clone(cloneArgs(0), mounter)), PATIENCE_MS));
      keeper.step(
        "enter the namespaces",
        "a process in between enters them, so that the keeper stays outside",
      );
      keeper.add(new Wait(keeper.add(new Clone(cloneArgs(0), joiner)), PATIENCE_MS));
      await performList(runtime, keeper, { descriptors: [handle.fd] });
    } finally {
      handle.close();
    }
  });
}
