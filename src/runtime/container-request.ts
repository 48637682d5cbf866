import type { CgroupRequest } from "../cgroup/index.ts";
import type { IdMapWriter } from "../namespace/index.ts";
import type { RootfsSource } from "../rootfs/index.ts";
import type { CapabilityMask } from "../security/index.ts";
import type { Spec } from "./config.ts";
import type { Handover } from "./process/handover.ts";
import type { FileMark } from "./process/lock-record.ts";
import type { NetDevice } from "./process/net-devices.ts";
import type { SupervisionRequest } from "./process/supervision.ts";

/** What is to be started, and what is known about this machine and husk's rights. */
export interface ContainerRequest {
  readonly id: string;
  readonly spec: Spec;
  readonly root: RootfsSource;
  /** Relative paths of the configuration start here. */
  readonly bundle: string;
  /** What husk can hand on; everything in a new user namespace. */
  readonly availableCapabilities: CapabilityMask;
  /** husk is root (or has CAP_SYS_ADMIN) here: paths only root may reach can be opened for the container. */
  readonly privileged: boolean;
  /** husk runs in a user namespace below the machine's first one. */
  readonly nested?: boolean;
  /** Who writes the id maps, if there is a new user namespace. */
  readonly idMapWriter?: IdMapWriter;
  /** The groups of the container; absent: it stays in husk's (nothing was asked, and nothing is delegated). */
  readonly cgroups?: CgroupRequest;
  /** The process whose death ends the container. */
  readonly callerPid?: number;
  /** No program is started: its process stays, with the root file system, after a line on its output. */
  readonly hold?: boolean;
  /** A small init stays as pid 1. */
  readonly init?: boolean;
  readonly timeoutMilliseconds?: number;
  readonly forwardSignals?: boolean;
  /** A file that exists; the keeper holds flock(2) on it as long as it lives. */
  readonly lockFile?: string;
  /** What that file has to say, before and after it is locked: another one may get its name meanwhile. */
  readonly lockMark?: FileMark;
  /** Files, then folders, that go when the container is gone. */
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  /** Give the program pipes, and move their bytes to descriptors 1 and 2: they can be reopened (/dev/stdout). */
  readonly pipes?: boolean;
  /** MS_MOVE and chroot(2) instead of pivot_root(2), for a host whose root is the initial ramfs. */
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  /** A file that gets the process id of the container's first process, as the host counts. */
  readonly pidFile?: string;
  /** Make the working directory where it is missing, as docker does. */
  readonly makeWorkingDirectory?: boolean;
  /** Soft limit of open files the caller had: a JavaScript runtime raises its own. */
  readonly callerOpenFiles?: number;
  /** The keeper does not stay; absent: it does, and the container ends with it. */
  readonly handover?: Handover;
  /** A file that gets a copy of /proc/PID/stat of the container's first process. */
  readonly processFile?: string;
  /** A unix socket of the caller's that gets the master of the terminal. */
  readonly consoleSocket?: string;
  /** A unix socket of the caller's that gets a pidfd of the container's first process. */
  readonly pidfdSocket?: string;
  /** Those of the descriptors 0, 1 and 2 that are to belong to the container's user. */
  readonly ownedStreams?: readonly number[];
  /** Those of them that are the null device, and are to be the container's own. */
  readonly nullStreams?: readonly number[];
  /** How many descriptors from 3 on the program gets. */
  readonly preserve?: number;
  /** For a container with a life of its own; absent: it has neither log nor socket nor exit record. */
  readonly supervision?: SupervisionRequest;
  /** Leave system calls out of the filter that husk does not know, as runc does; absent: they are an error. */
  readonly skipUnknownCalls?: boolean;
  /** Interfaces of the host's that the container gets. */
  readonly netDevices?: readonly NetDevice[];
}
