// Random configurations: ones that have to become containers, and ones with a fault in them.
import * as fc from "fast-check";
import type { Config } from "./harness/index.ts";

const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
  "SYS_CHROOT",
];
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const someOf = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values]);

const shape = {
  namespaces: someOf(["network", "ipc", "uts", "cgroup", "user", "time"]),
  readonly: fc.boolean(),
  mounts: fc.array(
    fc.record({
      kind: fc.constantFrom("tmpfs", "bind"),
      name: fc.constantFrom("one", "two", "deep/er"),
      options: someOf(["ro", "nosuid", "nodev", "noexec", "noatime", "rprivate", "rro", "rnosuid"]),
    }),
    { maxLength: 3 },
  ),
  user: fc.record({
    uid: fc.constantFrom(0, 1, 1000, 60_000),
    gid: fc.constantFrom(0, 5, 1000),
    umask: maybe(fc.constantFrom(0, 0o22, 0o77)),
    additionalGids: maybe(someOf([1, 20, 2000])),
  }),
  cwd: fc.constantFrom("/", "/tmp", "/made/for/it"),
  env: someOf(["A=1", "EMPTY=", "LONG=x y  z", "UTF=ä"]),
  bounding: someOf(capabilities),
  effective: someOf(capabilities),
  noNewPrivileges: fc.boolean(),
  rlimits: someOf([
    { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
    { type: "RLIMIT_CORE", soft: 0, hard: 0 },
    { type: "RLIMIT_STACK", soft: 8_388_608, hard: 8_388_608 },
  ]),
  oomScoreAdj: maybe(fc.integer({ min: 0, max: 1000 })),
  pids: maybe(fc.integer({ min: 20, max: 1000 })),
  memory: maybe(fc.integer({ min: 32, max: 512 })),
  shares: maybe(fc.integer({ min: 2, max: 10_000 })),
  maskedPaths: someOf(["/proc/kcore", "/proc/keys", "/proc/acpi", "/sys/firmware", "/no/such", "/etc/group"]),
  readonlyPaths: someOf(["/proc/sys", "/proc/irq", "/proc/bus", "/no/such", "/etc"]),
  sysctls: someOf(["net.ipv4.ip_forward", "kernel.msgmax", "fs.mqueue.msg_max"]),
  devices: someOf([
    { path: "/dev/another-null", type: "c", major: 1, minor: 3, fileMode: 0o666 },
    { path: "/dev/deep/fifo", type: "p", fileMode: 0o600 },
  ]),
  seccomp: maybe(
    fc.record({
      names: fc.constantFrom(["swapon"], ["mkdirat", "mkdir"], ["newer_than_this_machine", "swapoff"]),
      action: fc.constantFrom("SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_TRAP"),
    }),
  ),
  propagation: maybe(fc.constantFrom("private", "rprivate", "slave", "rslave")),
  annotations: maybe(fc.dictionary(fc.stringMatching(/^[a-z.]{1,10}$/), fc.string({ maxLength: 10 }))),
  scheduler: maybe(fc.constantFrom({ policy: "SCHED_BATCH", nice: 19 }, { policy: "SCHED_IDLE" })),
  ioPriority: maybe(fc.constant({ class: "IOPRIO_CLASS_BE", priority: 4 })),
  personality: maybe(fc.constant({ domain: "LINUX" })),
  hook: maybe(
    fc.constantFrom(
      "prestart",
      "createRuntime",
      "createContainer",
      "startContainer",
      "poststart",
      "poststop",
    ),
  ),
  status: fc.integer({ min: 0, max: 100 }),
};

export const draws = fc.record(shape);

/** What is drawn for one configuration. */
export type Draw = typeof draws extends fc.Arbitrary<infer T> ? T : never;

/** The configuration that was drawn, from that of a bundle. `source`: a folder to be bound. */
export function configure(original: Config, drawn: Draw, source: string): Config {
  const config = structuredClone(original);
  const draw = structuredClone(drawn);
  const own = new Set<string>(draw.namespaces);
  const ids = own.has("user") ? { uidMappings: mapping(), gidMappings: mapping() } : {};
  config.process = {
    ...config.process,
    args: ["sh", "-c", `echo ran; exit ${draw.status}`],
    cwd: draw.cwd,
    env: [...config.process.env, ...draw.env],
    user: defined({ ...draw.user }),
    noNewPrivileges: draw.noNewPrivileges,
    rlimits: draw.rlimits,
    capabilities: setsOf(draw),
    ...defined({ oomScoreAdj: draw.oomScoreAdj, scheduler: draw.scheduler, ioPriority: draw.ioPriority }),
  };
  config.root.readonly = draw.readonly;
  // The queues are those of the ipc namespace, and to mount them takes rights over it.
  if (own.has("user") && !own.has("ipc"))
    config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "mqueue");
  for (const [i, { kind, name, options }] of draw.mounts.entries()) {
    const destination = `/mnt${i}/${name}`;
    if (kind === "tmpfs") config.mounts.push({ destination, type: "tmpfs", source: "tmpfs", options });
    else config.mounts.push({ destination, type: "bind", source, options: ["rbind", ...options] });
  }
  const pids = draw.pids === undefined ? undefined : { limit: draw.pids };
  const memory = draw.memory === undefined ? undefined : { limit: draw.memory << 20 };
  const cpu = draw.shares === undefined ? undefined : { shares: draw.shares };
  config.linux = {
    ...config.linux,
    ...ids,
    namespaces: ["pid", "mount", ...draw.namespaces].map((type) => ({ type })),
    resources: { ...config.linux.resources, ...defined({ pids, memory, cpu }) },
    maskedPaths: draw.maskedPaths,
    readonlyPaths: draw.readonlyPaths,
    sysctl: sysctlsOf(draw, own),
    // In a user namespace devices are the host's, bound, and it has none of these.
    devices: own.has("user") ? [] : draw.devices,
    ...defined({ rootfsPropagation: draw.propagation, personality: draw.personality }),
    ...(own.has("time") ? { timeOffsets: { boottime: { secs: 1000 } } } : {}),
    ...(draw.seccomp === undefined ? {} : { seccomp: filterOf(draw.seccomp) }),
  };
  if (!own.has("uts")) delete config.hostname;
  if (draw.annotations !== undefined) config.annotations = draw.annotations;
  if (draw.hook !== undefined)
    config.hooks = { [draw.hook]: [{ path: "/bin/true", args: ["true"], timeout: 20 }] };
  return config;
}

const mapping = () => [{ containerID: 0, hostID: 100_000, size: 65_536 }];

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function setsOf({ bounding, effective }: Draw) {
  const names = (list: readonly string[]): string[] => list.map((name) => `CAP_${name}`);
  const both = effective.filter((name) => bounding.includes(name));
  return { bounding: names(bounding), effective: names(both), permitted: names(both) };
}

function sysctlsOf({ sysctls }: Draw, own: ReadonlySet<string>): Record<string, string> {
  const values: Record<string, [value: string, namespace: string]> = {
    "net.ipv4.ip_forward": ["1", "network"],
    "kernel.msgmax": ["4096", "ipc"],
    "fs.mqueue.msg_max": ["8", "ipc"],
  };
  const chosen = sysctls.filter((name) => own.has(values[name]![1]));
  return Object.fromEntries(chosen.map((name) => [name, values[name]![0]]));
}

function filterOf({ names, action }: { names: readonly string[]; action: string }) {
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86_64"],
    syscalls: [{ names, action }],
  };
}

/** A place in a configuration. */
export type Path = readonly (string | number)[];

/** Every place in a value that holds something. */
export function placesIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Array.isArray(value)
    ? value.flatMap((item, i) => placesIn(item, [...at, i]))
    : Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]));
  return at.length === 0 ? inner : [at, ...inner];
}

/** Values that hardly any field takes. */
export const faults: readonly unknown[] = [
  -7,
  2 ** 70,
  1.5,
  "no such thing",
  "with\u0000nul",
  "",
  true,
  [],
  {},
  [[]],
  [7],
  { nosuch: 1 },
];

/** Puts a value in a place; undefined removes what is there. */
export function put(config: Config, path: Path, value: unknown): void {
  let owner = config;
  for (const key of path.slice(0, -1)) owner = owner[key];
  const last = path.at(-1)!;
  if (value !== undefined) owner[last] = value;
  else if (Array.isArray(owner)) owner.splice(last as number, 1);
  else delete owner[last];
}
