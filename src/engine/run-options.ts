import type { MountSpec } from "./mount-spec.ts";

export type {
  BindSpec,
  DeviceMountSpec,
  MountedSpec,
  MountSpec,
  Propagation,
  TmpfsSpec,
  VolumeSpec,
} from "./mount-spec.ts";

/**
 * What `run` can be asked for, with docker's names in camelCase and every value already parsed:
 * sizes in bytes, times in milliseconds, cpu times in microseconds, signals as numbers.
 *
 * A field that is absent was not asked for; the engine then chooses. What is asked for and cannot
 * be had on this machine is an error.
 */
export interface RunOptions {
  /** Where the root file system (or the whole configuration) comes from. */
  readonly source: RunSource;
  /** Program and arguments. Empty: what the bundle says, or `sh` in an interactive `host`. */
  readonly command: readonly string[];

  /** Name of the container; absent: a random one. */
  readonly name?: string;
  /** Remove the container and its writable layer when it has ended. */
  readonly rm?: boolean;
  /** Keep standard input open; otherwise the program reads from /dev/null. */
  readonly interactive?: boolean;
  /** Give the program a terminal of its own. */
  readonly tty?: boolean;
  /** Pass signals that reach husk on to the program; absent: true. */
  readonly sigProxy?: boolean;
  /** Put a small init as pid 1 in front of the program: forwards signals, reaps orphans. */
  readonly init?: boolean;
  /** Kill the container after this many milliseconds; 0 or absent: never. */
  readonly timeout?: number;
  /** Signal number that asks the program to end; absent: 15. */
  readonly stopSignal?: number;
  /** How long `stop` waits for that, in milliseconds; -1: for ever; absent: 10000. */
  readonly stopTimeout?: number;
  /** What happens when the program has ended; absent: nothing. */
  readonly restart?: RestartPolicy;
  /** A program that tells now and then whether the container is well. */
  readonly health?: HealthCheck;
  /** Where the program's output is kept. */
  readonly log?: LogOptions;
  /** Words about the container, for people and programs. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The same for the OCI configuration. */
  readonly annotations?: Readonly<Record<string, string>>;

  /** `NAME=value`, later ones win: the files' entries first, then the single ones. */
  readonly env?: readonly string[];
  /** Absolute path in the container. */
  readonly workdir?: string;
  readonly user?: UserSpec;
  /** More groups, by name or id. */
  readonly groupAdd?: readonly (string | number)[];
  readonly hostname?: string;
  readonly domainname?: string;
  /** More lines of /etc/hosts. */
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[];
  /** Of /etc/resolv.conf: addresses of servers, domains that are searched (`.`: none), options; absent: the host's. */
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
  /** Ports the program listens at, `80/tcp`: recorded only. */
  readonly expose?: readonly string[];
  readonly personality?: "linux" | "linux32";

  /** The root file system is read-only. */
  readonly readOnly?: boolean;
  /** Bind and tmpfs mounts of `--volume`, `--mount` and `--tmpfs`, in the order given. */
  readonly mounts?: readonly MountSpec[];
  /** `NAME[:ro|rw]`: the mounts of other containers, too. */
  readonly volumesFrom?: readonly string[];
  /** Paths at which the image wants volumes, where there is no mount. */
  readonly imageVolumes?: readonly string[];
  /** Size of /dev/shm in bytes. */
  readonly shmSize?: number;

  /** What it has before `capAdd` and `capDrop`, as config.json has them (`CAP_CHOWN`); absent: husk's defaults. */
  readonly capabilities?: readonly string[];
  /** Names with or without `CAP_`, any case, or `ALL`. Checked by the engine. */
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  /** All capabilities and devices, no seccomp filter, nothing masked or read-only. */
  readonly privileged?: boolean;
  readonly securityOpt?: SecurityOptions;
  readonly devices?: readonly DeviceSpec[];
  /** Devices of vendors, `vendor.com/class=name`, that files in /etc/cdi or /var/run/cdi tell of. */
  readonly cdiDevices?: readonly string[];
  /** Where those files are, instead; what stands in a later folder counts. */
  readonly cdiFolders?: readonly string[];
  readonly ulimits?: readonly Ulimit[];
  /** In the kernel's dotted spelling: `net.ipv4.ip_forward`. */
  readonly sysctls?: Readonly<Record<string, string>>;

  /** Bytes; at least what the kernel needs. */
  readonly memory?: number;
  /** Memory and swap together, in bytes; -1: unlimited swap. */
  readonly memorySwap?: number;
  /** Soft limit in bytes. */
  readonly memoryReservation?: number;
  /** Number of CPUs worth of time, e.g. 1.5; excludes `cpuPeriod` and `cpuQuota`. */
  readonly cpus?: number;
  /** Relative weight, 2–262144 (1024 is usual). */
  readonly cpuShares?: number;
  /** Microseconds. */
  readonly cpuPeriod?: number;
  /** Microseconds in each period; -1: no limit. */
  readonly cpuQuota?: number;
  /** A list as the kernel takes it: `0-3,5`. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** Number of processes and threads; -1: no limit. */
  readonly pidsLimit?: number;
  /** Relative weight, 10–1000. */
  readonly blkioWeight?: number;
  /** Bytes per second. */
  readonly deviceReadBps?: readonly DeviceRate[];
  readonly deviceWriteBps?: readonly DeviceRate[];
  /** Operations per second. */
  readonly deviceReadIops?: readonly DeviceRate[];
  readonly deviceWriteIops?: readonly DeviceRate[];
  readonly blkioWeightDevice?: readonly DeviceWeight[];
  /** Microseconds of real-time scheduling in each period (control groups v1). */
  readonly cpuRtPeriod?: number;
  readonly cpuRtRuntime?: number;
  /** 0–100 (control groups v1). */
  readonly memorySwappiness?: number;
  /** Programs wait for memory instead of being killed (control groups v1). */
  readonly oomKillDisable?: boolean;
  /** Bytes; today's kernels count it with `memory`, so it is said and nothing else. */
  readonly kernelMemory?: number;
  /** What may be done with device nodes besides those of `devices`. */
  readonly deviceCgroupRules?: readonly DeviceRule[];
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  /** Path below each hierarchy's root. */
  readonly cgroupParent?: string;

  /** `none`: private, and no /dev/shm. `shareable`: private, and others may join it. */
  readonly ipc?: "private" | "shareable" | "host" | "none";
  readonly pid?: "private" | "host" | OfContainer;
  readonly uts?: "private" | "host";
  /** Absent: `private` for an ordinary user or with id maps, `host` for root. */
  readonly userns?: "private" | "host";
  readonly cgroupns?: "private" | "host";
  /** Absent: `none`, a loopback device only. */
  readonly network?: "none" | "host" | OfContainer;
  /** Each asks for a user namespace. */
  readonly uidMap?: readonly IdMap[];
  readonly gidMap?: readonly IdMap[];
  /** Layers of isolation that are left out, for learners. */
  readonly noIsolate?: readonly Isolation[];
}

/** The same namespace as another container, by its name or id; it has to run when this one is started. */
export type OfContainer = `container:${string}`;

/**
 * Where a container comes from.
 * - `host`: this machine's programs as a copy-on-write view; `with` adds folders of the host.
 * - `image`: layers of an image, absolute paths with the topmost first, and its /etc/passwd and /etc/group;
 *
 * - `rootfs`: an absolute path of a folder that becomes the root file system, written to directly.
 * - `bundle`: an absolute path of a folder with a `config.json`; flags refine it.
 */
export type RunSource =
  | { readonly kind: "host"; readonly with: readonly string[] }
  | {
      readonly kind: "image";
      readonly name: string;
      readonly layers: readonly string[];
      readonly accounts: { readonly passwd: string; readonly group: string };
      readonly identity: ImageIdentity;
      /** A folder with a copy of all their files that the container writes to; absent: an overlay of the layers. */
      readonly copy?: string;
    }
  | { readonly kind: "rootfs"; readonly path: string }
  | { readonly kind: "bundle"; readonly path: string };

/** An image's digests, `sha256:…`. */
export interface ImageIdentity {
  /** docker's image id: of its configuration. */
  readonly id: string;
  /** Of its manifest. */
  readonly digest: string;
  /** Its layers' diff ids, the lowest first. */
  readonly layers: readonly string[];
  /** Layers above them that containers wrote before they were forked (src/engine/fork), the topmost first. */
  readonly forks?: readonly string[];
  /** How much of the container's command is the image's (or the user's) entrypoint. */
  readonly entrypoint: readonly string[];
}

/**
 * When an ended container is started again: `on-failure` after a status other than 0, at most `retries` times in a row
 * (absent: as often as it takes); `always` also after a reboot; `unless-stopped` only if nobody stopped it before.
 */
export type RestartPolicy =
  | { readonly kind: "no" | "always" | "unless-stopped" }
  | { readonly kind: "on-failure"; readonly retries?: number };

/** Times are milliseconds. Absent fields: docker's defaults, 30 s, 30 s, 3 retries, no start period, 5 s. */
export interface HealthCheck {
  /**
   * Program and arguments, looked up in the container; status 0 means well. Absent: what the image says. Empty: no
   * check, whatever the image says.
   */
  readonly command?: readonly string[];
  /** Time from the end of one check to the next. */
  readonly interval?: number;
  /** A check that takes longer failed. */
  readonly timeout?: number;
  /** So many failures in a row make the container unhealthy. */
  readonly retries?: number;
  /** Failures count only after this time, or after the first success. */
  readonly startPeriod?: number;
  /** Interval during the start period. */
  readonly startInterval?: number;
}

/**
 * `husk`: framed, in the container's folder; `none`: nothing is kept. `json-file` and `journald` copy the first one for
 * other tools' sake: to a file of docker's form in the container's folder, or to systemd's journal.
 */
export type LogDriver = "husk" | "none" | "json-file" | "journald";

export interface LogOptions {
  /** Absent: `husk`. */
  readonly driver?: LogDriver;
  /** Bytes after which a new file is begun; absent: never. */
  readonly maxSize?: number;
  /** Number of files that are kept; absent: 1. */
  readonly maxFile?: number;
  /** Names of labels and of environment variables that tell of the container in its log (`logs --details`). */
  readonly labels?: readonly string[];
  readonly env?: readonly string[];
  /** What journald files the lines under, with docker's fields ({{.ID}}, {{.Name}}, …); absent: the name. */
  readonly tag?: string;
}

/**
 * What `--no-isolate` can leave out: a namespace by its name in the OCI specification, `root` (the
 * changed root: the program sees the host's files), `limits` (no control groups), or one of the
 * reductions of privilege (`masks`: masked and read-only paths of /proc and /sys).
 */
export const ISOLATIONS = [
  "mount",
  "pid",
  "uts",
  "ipc",
  "network",
  "user",
  "cgroup",
  "root",
  "limits",
  "capabilities",
  "seccomp",
  "masks",
] as const;

export type Isolation = (typeof ISOLATIONS)[number];

/** A number is an id (0 to 2147483647), a text a name of the container's /etc/passwd or /etc/group. */
export interface UserSpec {
  readonly user: string | number;
  readonly group?: string | number;
}

export interface SecurityOptions {
  readonly noNewPrivileges?: boolean;
  /** Absent: husk's own profile. `file`: absolute path of a JSON profile. */
  readonly seccomp?: "unconfined" | "builtin" | { readonly file: string };
  /** Name of a loaded profile, or `unconfined`. */
  readonly apparmor?: string;
  /** `disable`, or `user:…`, `role:…`, `type:…`, `level:…`, `filetype:…`. */
  readonly label?: readonly string[];
  /** Paths masked besides the usual ones. */
  readonly mask?: readonly string[];
  /** Paths neither masked nor read-only; `ALL` is every one. */
  readonly unmask?: readonly string[];
}

export interface DeviceSpec {
  /** Absolute path on the host: a device, or a folder of devices. */
  readonly source: string;
  readonly target: string;
  /** Some of `rwm`: read, write, mknod. */
  readonly permissions: string;
}

export interface DeviceRate {
  /** Absolute path of a block device on the host. */
  readonly path: string;
  /** Bytes or operations per second. */
  readonly rate: number;
}

export interface DeviceWeight {
  /** Absolute path of a block device on the host. */
  readonly path: string;
  /** Relative weight, 10–1000. */
  readonly weight: number;
}

/** Which devices may be used, by their numbers; absent: all. */
export interface DeviceRule {
  readonly type: "a" | "b" | "c";
  readonly major?: number;
  readonly minor?: number;
  /** Some of `rwm`: read, write, mknod. */
  readonly permissions: string;
}

export interface Ulimit {
  /** Name without `RLIMIT_`, lower case: `nofile`. */
  readonly name: UlimitName;
  /** In the unit of getrlimit(2); -1: unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export type UlimitName =
  | "as"
  | "core"
  | "cpu"
  | "data"
  | "fsize"
  | "locks"
  | "memlock"
  | "msgqueue"
  | "nice"
  | "nofile"
  | "nproc"
  | "rss"
  | "rtprio"
  | "rttime"
  | "sigpending"
  | "stack";

/** A range of ids, with the names of the OCI specification. */
export interface IdMap {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}
