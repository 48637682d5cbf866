import { isCdiName } from "../../engine/cdi/device-name.ts";
import { ISOLATIONS, type Isolation, type RunOptions } from "../../engine/run-options.ts";
import { joinsAnother, ofContainer, parseChoice } from "../values/choice.ts";
import { parseCpus, parseCpuset } from "../values/cpus.ts";
import {
  parseByteRate,
  parseDevice,
  parseDeviceRule,
  parseDeviceWeight,
  parseOperationRate,
} from "../values/device.ts";
import { parseDuration } from "../values/duration.ts";
import { parseEnv } from "../values/env.ts";
import { parseGpus } from "../values/gpus.ts";
import { parseIdMap } from "../values/id-map.ts";
import { invalidValue, laterValue } from "../values/invalid.ts";
import { parseMount } from "../values/mount.ts";
import { parseInteger } from "../values/number.ts";
import { containerPath, hostPath } from "../values/path.ts";
import { addSecurityOption } from "../values/security-opt.ts";
import { parseSignal } from "../values/signal.ts";
import { parseSize } from "../values/size.ts";
import { parseSysctl } from "../values/sysctl.ts";
import { parseTmpfs } from "../values/tmpfs.ts";
import { parseUlimit } from "../values/ulimit.ts";
import { parseGroup, parseUser } from "../values/user.ts";
import { parseVolume, parseVolumesFrom } from "../values/volume.ts";
import { setNetworkFlag } from "./set-network-flag.ts";
import { type LifeFlags, setLifeFlag } from "./set-life-flag.ts";

type Draft = {
  -readonly [K in keyof RunOptions]: RunOptions[K] extends readonly (infer E)[] | undefined
    ? E[]
    : RunOptions[K];
};

/** What the flags add up to while they are read. */
export interface RunFlags {
  readonly options: Draft;
  readonly envFiles: string[];
  readonly with: string[];
  rootfs: string | undefined;
  bundle: string | undefined;
  explain: boolean;
  format: "text" | "json";
  asShell: boolean;
  readonly life: LifeFlags;
  /** What only images have. */
  image: { pull?: "always" | "missing" | "never"; platform?: string; entrypoint?: string; quiet?: boolean };
}

/** Nothing read yet. */
export function newRunFlags(): RunFlags {
  return {
    options: { source: { kind: "host", with: [] }, command: [] },
    envFiles: [],
    with: [],
    rootfs: undefined,
    bundle: undefined,
    explain: false,
    format: "text",
    asShell: false,
    image: {},
    life: { detach: false, attach: [], labels: [], labelFiles: [], noHealth: false, health: {}, log: {} },
  };
}

/** Docker's rule for limits: 0 is "not set". */
function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Where docker takes an empty value for none: what scripts say as `--user "$user"`. */
const MAY_BE_EMPTY =
  " cgroup-parent cgroupns cidfile cpuset-cpus cpuset-mems ipc log-driver name pid platform pull runtime stop-signal " +
  "user userns uts workdir ";

/** Takes one flag of `run` or `explain` by its long name, with its value as typed. */
export function setRunFlag(flags: RunFlags, flag: string, value: string): void {
  if (value === "" && MAY_BE_EMPTY.includes(` ${flag} `)) return;
  const { options } = flags;
  if (setLifeFlag(flags.life, flag, value) || setNetworkFlag(options, flag, value)) return;
  switch (flag) {
    case "annotation": {
      const equals = value.indexOf("=");
      if (equals < 1) throw invalidValue(flag, value, "NAME=VALUE");
      options.annotations = { ...options.annotations, [value.slice(0, equals)]: value.slice(equals + 1) };
      return;
    }
    case "as-shell":
      flags.asShell = value === "true";
      return;
    case "blkio-weight":
      options.blkioWeight = unlessZero(parseInteger(flag, value, 0, 1000, "a whole number from 10 to 1000"));
      return;
    case "blkio-weight-device":
      (options.blkioWeightDevice ??= []).push(parseDeviceWeight(flag, value));
      return;
    case "bundle":
      flags.bundle = hostPath(flag, value);
      return;
    case "cap-add":
      (options.capAdd ??= []).push(...value.split(","));
      return;
    case "cap-drop":
      (options.capDrop ??= []).push(...value.split(","));
      return;
    case "cgroup-parent":
      options.cgroupParent = value;
      return;
    case "cgroupns":
      options.cgroupns = parseChoice(flag, value, ["private", "host"]);
      return;
    case "cpu-period":
      options.cpuPeriod = unlessZero(parseInteger(flag, value, 0, MOST, "microseconds, 1000 to 1000000"));
      return;
    case "cpu-quota":
      options.cpuQuota = unlessZero(
        parseInteger(flag, value, -1, MOST, "microseconds from 1000 up, or -1 for no limit"),
      );
      return;
    case "cpu-rt-period":
      options.cpuRtPeriod = unlessZero(parseInteger(flag, value, 0, MOST, "microseconds"));
      return;
    case "cpu-rt-runtime":
      options.cpuRtRuntime = unlessZero(parseInteger(flag, value, 0, MOST, "microseconds"));
      return;
    case "cpu-shares":
      options.cpuShares = unlessZero(parseInteger(flag, value, 0, 262144, "a whole number from 2 to 262144"));
      return;
    case "cpus":
      options.cpus = unlessZero(parseCpus(flag, value));
      return;
    case "cpuset-cpus":
      options.cpusetCpus = parseCpuset(flag, value);
      return;
    case "cpuset-mems":
      options.cpusetMems = parseCpuset(flag, value);
      return;
    case "device":
      if (isCdiName(value)) (options.cdiDevices ??= []).push(value);
      else (options.devices ??= []).push(parseDevice(flag, value));
      return;
    case "device-cgroup-rule":
      (options.deviceCgroupRules ??= []).push(parseDeviceRule(flag, value));
      return;
    case "device-read-bps":
      (options.deviceReadBps ??= []).push(parseByteRate(flag, value));
      return;
    case "device-read-iops":
      (options.deviceReadIops ??= []).push(parseOperationRate(flag, value));
      return;
    case "device-write-bps":
      (options.deviceWriteBps ??= []).push(parseByteRate(flag, value));
      return;
    case "device-write-iops":
      (options.deviceWriteIops ??= []).push(parseOperationRate(flag, value));
      return;
    case "entrypoint":
      flags.image.entrypoint = value;
      return;
    case "platform":
      flags.image.platform = value;
      return;
    case "pull":
      flags.image.pull = parseChoice(flag, value, ["always", "missing", "never"]);
      return;
    case "quiet":
      flags.image.quiet = value === "true";
      return;
    case "env": {
      const entry = parseEnv(flag, value, process.env);
      if (entry !== undefined) (options.env ??= []).push(entry);
      return;
    }
    case "env-file":
      flags.envFiles.push(value);
      return;
    case "explain":
      flags.explain = value === "true";
      return;
    case "format":
      flags.format = parseChoice(flag, value, ["text", "json"]);
      return;
    case "gidmap":
      (options.gidMap ??= []).push(parseIdMap(flag, value));
      return;
    case "gpus":
      (options.cdiDevices ??= []).push(...parseGpus(flag, value));
      return;
    case "group-add":
      (options.groupAdd ??= []).push(parseGroup(flag, value));
      return;
    case "init":
      options.init = value === "true";
      return;
    case "interactive":
      options.interactive = value === "true";
      return;
    case "ipc":
      options.ipc = parseChoice(flag, value, ["private", "shareable", "host", "none"], joinsAnother);
      return;
    case "kernel-memory":
      options.kernelMemory = unlessZero(parseSize(flag, value));
      return;
    case "memory":
      options.memory = unlessZero(parseSize(flag, value));
      return;
    case "memory-reservation":
      options.memoryReservation = unlessZero(parseSize(flag, value));
      return;
    case "memory-swap":
      options.memorySwap = value === "-1" ? -1 : unlessZero(parseSize(flag, value));
      return;
    case "memory-swappiness": {
      const swappiness = parseInteger(flag, value, -1, 100);
      options.memorySwappiness = swappiness === -1 ? undefined : swappiness;
      return;
    }
    case "mount":
      (options.mounts ??= []).push(parseMount(flag, value));
      return;
    case "name":
      options.name = value;
      return;
    case "no-isolate":
      for (const layer of value.split(",")) (options.noIsolate ??= []).push(isolation(flag, layer));
      return;
    case "oom-kill-disable":
      options.oomKillDisable = value === "true";
      return;
    case "oom-score-adj":
      options.oomScoreAdj = parseInteger(flag, value, -1000, 1000);
      return;
    case "personality":
      options.personality = parseChoice(flag, value.toLowerCase(), ["linux", "linux32"]);
      return;
    case "pid":
      options.pid = ofContainer(value) ?? parseChoice(flag, value, ["private", "host"], joinsAnother);
      return;
    case "pids-limit": {
      const limit = parseInteger(flag, value, -1, MOST, "a whole number, or -1 for no limit");
      options.pidsLimit = limit === 0 ? -1 : limit;
      return;
    }
    case "privileged":
      options.privileged = value === "true";
      return;
    case "read-only":
      options.readOnly = value === "true";
      return;
    case "rm":
      options.rm = value === "true";
      return;
    case "rootfs":
      flags.rootfs = hostPath(flag, value);
      return;
    case "runtime":
      if (value !== "husk") throw laterValue(flag, value, "husk starts containers itself: leave it out");
      return;
    case "security-opt":
      options.securityOpt = addSecurityOption(flag, value, options.securityOpt);
      return;
    case "shm-size":
      options.shmSize = unlessZero(parseSize(flag, value));
      return;
    case "sig-proxy":
      options.sigProxy = value === "true";
      return;
    case "stop-signal":
      options.stopSignal = parseSignal(flag, value);
      return;
    case "storage-opt":
      throw laterValue(
        flag,
        value,
        "what a container writes is limited by its disk: -v, or --read-only and --tmpfs",
      );
    case "sysctl": {
      const [name, setting] = parseSysctl(flag, value);
      options.sysctls = { ...options.sysctls, [name]: setting };
      return;
    }
    case "timeout":
      options.timeout = parseDuration(flag, value);
      return;
    case "tmpfs":
      (options.mounts ??= []).push(parseTmpfs(flag, value));
      return;
    case "tty":
      options.tty = value === "true";
      return;
    case "uidmap":
      (options.uidMap ??= []).push(parseIdMap(flag, value));
      return;
    case "ulimit":
      (options.ulimits ??= []).push(parseUlimit(flag, value));
      return;
    case "user":
      options.user = parseUser(flag, value);
      return;
    case "userns":
      options.userns = parseChoice(flag, value, ["private", "host"], isUsernsOfPodman);
      return;
    case "uts":
      options.uts = parseChoice(flag, value, ["private", "host"], joinsAnother);
      return;
    case "volume":
      (options.mounts ??= []).push(parseVolume(flag, value));
      return;
    case "volume-driver":
      if (value !== "local" && value !== "") throw laterValue(flag, value, "local");
      return;
    case "volumes-from":
      (options.volumesFrom ??= []).push(parseVolumesFrom(flag, value));
      return;
    case "with":
      flags.with.push(hostPath(flag, value));
      return;
    case "workdir":
      options.workdir = containerPath(flag, value);
  }
}

function isUsernsOfPodman(value: string): boolean {
  return joinsAnother(value) || /^(keep-id|auto|nomap)/.test(value);
}

/** One layer of `--no-isolate`, also by the kernel's short names. */
function isolation(flag: string, value: string): Isolation {
  if (value === "net") return "network";
  if (value === "mnt") return "mount";
  for (const layer of ISOLATIONS) if (layer === value) return layer;
  throw invalidValue(flag, value, `some of ${ISOLATIONS.join(",")}`);
}
