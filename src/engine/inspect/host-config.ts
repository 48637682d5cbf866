import type { ContainerRecord, RecordedOptions } from "../container/record.ts";
import type { DeviceRate, DeviceRule, LogOptions, MountSpec, RestartPolicy } from "../run-options.ts";

/** docker's, if nobody says otherwise. */
const SHM_BYTES = 67_108_864;

/** `HostConfig` in docker's layout: what the container has of the machine. Fields of Windows are left out. */
export function hostConfig({ options }: ContainerRecord): Record<string, unknown> {
  return { ...runConfig(options), ...isolationConfig(options), ...limitConfig(options) };
}

function runConfig(options: RecordedOptions): Record<string, unknown> {
  const mounts = options.mounts ?? [];
  const tmpfs = mounts.filter((mount) => mount.type === "tmpfs");
  return {
    Binds: listOrNull(mounts.flatMap(bindText)),
    ContainerIDFile: "",
    LogConfig: logConfig(options.log),
    NetworkMode: options.network ?? "none",
    PortBindings: {},
    RestartPolicy: restartPolicy(options.restart),
    AutoRemove: options.rm ?? false,
    VolumeDriver: "",
    VolumesFrom: null,
    ...(tmpfs.length === 0
      ? {}
      : { Tmpfs: Object.fromEntries(tmpfs.map((mount) => [mount.target, mount.options.join(",")])) }),
    ...(options.init === undefined ? {} : { Init: options.init }),
  };
}

function isolationConfig(options: RecordedOptions): Record<string, unknown> {
  return {
    CapAdd: listOrNull(options.capAdd),
    CapDrop: listOrNull(options.capDrop),
    CgroupnsMode: options.cgroupns ?? "private",
    Dns: [...(options.dns ?? [])],
    DnsOptions: [...(options.dnsOptions ?? [])],
    DnsSearch: [...(options.dnsSearch ?? [])],
    ExtraHosts: listOrNull(options.extraHosts?.map(({ host, address }) => `${host}:${address}`)),
    GroupAdd: listOrNull(options.groupAdd?.map(String)),
    IpcMode: options.ipc ?? "private",
    Cgroup: "",
    Links: null,
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: options.pid ?? "",
    Privileged: options.privileged ?? false,
    PublishAllPorts: false,
    ReadonlyRootfs: options.readOnly ?? false,
    SecurityOpt: listOrNull(securityOptions(options)),
    UTSMode: options.uts === "host" ? "host" : "",
    UsernsMode: options.userns ?? "",
    ShmSize: options.shmSize ?? SHM_BYTES,
    Sysctls: { ...options.sysctls },
    ...(options.annotations === undefined ? {} : { Annotations: { ...options.annotations } }),
    Runtime: "husk",
  };
}

function limitConfig(options: RecordedOptions): Record<string, unknown> {
  const rates = (list: readonly DeviceRate[] | undefined): object[] | null =>
    listOrNull(list?.map(({ path, rate }) => ({ Path: path, Rate: rate })));
  return {
    CpuShares: options.cpuShares ?? 0,
    Memory: options.memory ?? 0,
    NanoCpus: Math.round((options.cpus ?? 0) * 1e9),
    CgroupParent: options.cgroupParent ?? "",
    BlkioWeight: options.blkioWeight ?? 0,
    BlkioWeightDevice: (options.blkioWeightDevice ?? []).map(({ path, weight }) => ({
      Path: path,
      Weight: weight,
    })),
    BlkioDeviceReadBps: rates(options.deviceReadBps),
    BlkioDeviceWriteBps: rates(options.deviceWriteBps),
    BlkioDeviceReadIOps: rates(options.deviceReadIops),
    BlkioDeviceWriteIOps: rates(options.deviceWriteIops),
    CpuPeriod: options.cpuPeriod ?? 0,
    CpuQuota: options.cpuQuota ?? 0,
    CpusetCpus: options.cpusetCpus ?? "",
    CpusetMems: options.cpusetMems ?? "",
    Devices: (options.devices ?? []).map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: listOrNull(options.deviceCgroupRules?.map(ruleText)),
    CpuRealtimePeriod: options.cpuRtPeriod ?? 0,
    CpuRealtimeRuntime: options.cpuRtRuntime ?? 0,
    MemorySwappiness: options.memorySwappiness ?? null,
    OomKillDisable: options.oomKillDisable ?? false,
    MemoryReservation: options.memoryReservation ?? 0,
    // docker: as much swap as memory, unless said otherwise.
    MemorySwap: options.memorySwap ?? 2 * (options.memory ?? 0),
    PidsLimit: options.pidsLimit ?? null,
    Ulimits: (options.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
  };
}

function logConfig(log: LogOptions | undefined): Record<string, unknown> {
  const { driver = "husk", maxSize, maxFile, labels, env, tag } = log ?? {};
  return {
    Type: driver,
    Config: {
      ...(env === undefined ? {} : { env: env.join(",") }),
      ...(labels === undefined ? {} : { labels: labels.join(",") }),
      ...(maxFile === undefined ? {} : { "max-file": `${maxFile}` }),
      ...(maxSize === undefined ? {} : { "max-size": `${maxSize}` }),
      ...(tag === undefined ? {} : { tag }),
    },
  };
}

/** `c 1:3 mr` */
function ruleText({ type, major, minor, permissions }: DeviceRule): string {
  return `${type} ${major ?? "*"}:${minor ?? "*"} ${permissions}`;
}

function restartPolicy(policy: RestartPolicy | undefined): Record<string, unknown> {
  const retries = policy?.kind === "on-failure" ? (policy.retries ?? 0) : 0;
  return { Name: policy?.kind ?? "no", MaximumRetryCount: retries };
}

/** `source:target[:options]`. */
function bindText(mount: MountSpec): string[] {
  const source = mount.type === "bind" ? mount.source : mount.type === "volume" ? mount.name : undefined;
  if (source === undefined || mount.type === "tmpfs" || mount.type === "device") return [];
  return [`${source}:${mount.target}${mount.readOnly === true ? ":ro" : ""}`];
}

function securityOptions({ securityOpt }: RecordedOptions): string[] | undefined {
  if (securityOpt === undefined) return undefined;
  const { noNewPrivileges, seccomp, apparmor, label = [], mask, unmask } = securityOpt;
  const words: string[] = [];
  if (noNewPrivileges === true) words.push("no-new-privileges");
  if (seccomp !== undefined) words.push(`seccomp=${typeof seccomp === "object" ? seccomp.file : seccomp}`);
  if (apparmor !== undefined) words.push(`apparmor=${apparmor}`);
  for (const part of label) words.push(`label=${part}`);
  if (mask !== undefined) words.push(`mask=${mask.join(":")}`);
  if (unmask !== undefined) words.push(`unmask=${unmask.join(":")}`);
  return words;
}

function listOrNull<T>(list: readonly T[] | undefined): T[] | null {
  return list === undefined || list.length === 0 ? null : [...list];
}
