import { readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { Folders } from "./folders.ts";

/** Folders that options name. */
export interface AskedFolders {
  root?: string | undefined;
  run?: string | undefined;
}

/**
 * The folders asked for (by options, then by HUSK_ROOT and HUSK_RUN, then by the settings), or the defaults: /var/lib/husk and
 * /run/husk for root, else
 * $XDG_DATA_HOME/husk and $XDG_RUNTIME_DIR/husk (/tmp/husk-UID without one). So it is for root of a user namespace
 * whose USER is not root.
 *
 * A root alone brings its own run folder with it, since a run folder belongs to one root.
 */
export function folderPaths(
  asked: AskedFolders,
  env: NodeJS.ProcessEnv,
  settings: { readonly root?: string; readonly run?: string },
): Folders {
  const own = asked.root || env.HUSK_ROOT;
  const root = own || settings.root;
  const run =
    asked.run ||
    (asked.root ? undefined : env.HUSK_RUN) ||
    (own ? undefined : settings.run) ||
    (root ? `${absolute(root)}/run` : undefined);
  const uid = process.geteuid?.() ?? 0;
  const isUsers = uid !== 0 || isRootOfItsOwn(env);
  return {
    root: absolute(root || (isUsers ? `${dataHome(env)}/husk` : "/var/lib/husk")),
    run: absolute(run || (isUsers ? runtimeFolder(env, uid) : "/run/husk")),
  };
}

/**
 * Whether this is an ordinary user who is called root in a user namespace only, as what rootless podman starts. Told
 * from root of a machine's or container's own as runc tells it.
 */
function isRootOfItsOwn(env: NodeJS.ProcessEnv): boolean {
  if (!env.XDG_RUNTIME_DIR?.startsWith("/") || env.USER === "root") return false;
  return !/^ *0 +0 +4294967295$/m.test(readIfThere("/proc/self/uid_map") ?? "");
}

/** XDG base directories have to be absolute; others are ignored (basedir-spec). */
function dataHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_DATA_HOME?.startsWith("/")) return env.XDG_DATA_HOME;
  if (env.HOME?.startsWith("/")) return `${env.HOME}/.local/share`;
  throw new HuskError(
    "invalid",
    "no folder for husk's state: neither XDG_DATA_HOME nor HOME is an absolute path",
    {
      hint: "set HOME, or give --root DIR",
    },
  );
}

function runtimeFolder(env: NodeJS.ProcessEnv, uid: number): string {
  return env.XDG_RUNTIME_DIR?.startsWith("/") ? `${env.XDG_RUNTIME_DIR}/husk` : `/tmp/husk-${uid}`;
}

function absolute(path: string): string {
  const whole = path.startsWith("/") ? path : `${process.cwd()}/${path}`;
  return whole.length > 1 && whole.endsWith("/") ? whole.slice(0, -1) : whole;
}

/** The text of a file; undefined: there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new HuskError("denied", `cannot read husk's state: ${message}`, { cause: error });
  }
}
