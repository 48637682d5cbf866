import type { Folders } from "../folders.ts";

/** The files of one container. */
export interface ContainerPaths {
  /** `$root/containers/<id>`: stays until the container is removed. */
  readonly folder: string;
  /** {@link ContainerRecord} */
  readonly record: string;
  /** How it ended last: the keeper's report, written before the start as "not ended". */
  readonly exit: string;
  /** Framed output; `log.1`, `log.2`, … are older. */
  readonly log: string;
  /** The writable layer, and overlayfs's own folder beside it. */
  readonly upper: string;
  readonly work: string;
  /** All files of its root, where overlays cannot be had; then there is no `upper`. */
  readonly copy: string;
  /** The last health checks. */
  readonly health: string;
  /** Exists if somebody stopped it: `unless-stopped` then does not start it after a reboot. */
  readonly stopped: string;
  /** How often the restart policy started it since somebody did; absent: never. */
  readonly restarts: string;
  /** Names files of this machine that bringing its changes over has begun to make. */
  readonly applying: string;
  /** `$run/containers/<id>.json`: exists while it runs, locked by its keeper. */
  readonly running: string;
  /** Process id of its first process, in decimal, as the host counts. */
  readonly pid: string;
  /** Where its keeper listens. */
  readonly socket: string;
  /** Exists while it is paused. */
  readonly paused: string;
  /** Who changes it: a link to a process (lock.ts). */
  readonly lock: string;
}

export function containerPaths({ root, run }: Folders, id: string): ContainerPaths {
  const folder = `${root}/containers/${id}`;
  const alive = `${run}/containers/${id}`;
  return {
    folder,
    record: `${folder}/container.json`,
    exit: `${folder}/exit`,
    log: `${folder}/log`,
    upper: `${folder}/upper`,
    work: `${folder}/work`,
    copy: `${folder}/rootfs`,
    health: `${folder}/health.json`,
    stopped: `${folder}/stopped`,
    restarts: `${folder}/restarts`,
    applying: `${folder}/applying.json`,
    running: `${alive}.json`,
    pid: `${alive}.pid`,
    socket: `${alive}.sock`,
    paused: `${alive}.paused`,
    lock: `${alive}.lock`,
  };
}
