import type { LogOptions, RunOptions, SecurityOptions } from "../run-options.ts";
import { isOff } from "../spec/namespaces.ts";
import type { Settings } from "./settings.ts";

/**
 * What a container is asked to be, with the settings where nobody said anything. A bundle says what its container may
 * have by itself: of the settings it gets those about its log.
 */
export function withDefaults(options: RunOptions, settings: Settings): RunOptions {
  if (settings.given.length === 0) return options;
  const log = logOf(options.log, settings.log);
  const devices =
    options.cdiDevices !== undefined && settings.cdiFolders !== undefined
      ? { cdiFolders: settings.cdiFolders }
      : {};
  const all = { ...options, ...devices, ...(log === undefined ? {} : { log }) };
  if (options.source.kind === "bundle") return all;
  return {
    ...limitsOf(options, settings),
    ...rightsOf(options, settings),
    ...all,
    ...refined(options, settings),
  };
}

function limitsOf(options: RunOptions, settings: Settings): Partial<RunOptions> {
  const { memory, memorySwap, memoryReservation, cpus, pidsLimit, shmSize } = settings;
  const asksCpu = options.cpuQuota !== undefined || options.cpuPeriod !== undefined;
  // Whoever asks for another amount of memory does not mean these amounts beside it.
  const asksMemory = options.memory !== undefined;
  const groups = isOff(options, "limits")
    ? {}
    : {
        ...given("memory", memory),
        ...given("memorySwap", asksMemory ? undefined : memorySwap),
        ...given("memoryReservation", asksMemory ? undefined : memoryReservation),
        ...given("cpus", asksCpu ? undefined : cpus),
        ...given("pidsLimit", pidsLimit),
      };
  return {
    ...groups,
    ...given("shmSize", options.ipc === "host" || options.ipc === "none" ? undefined : shmSize),
  };
}

function rightsOf(options: RunOptions, { capabilities }: Settings): Partial<RunOptions> {
  return options.privileged === true ? {} : given("capabilities", capabilities);
}

/** What is put together of both. */
function refined(options: RunOptions, settings: Settings): Partial<RunOptions> {
  const { ulimits, seccomp, noNewPrivileges } = settings;
  const free = options.privileged === true || isOff(options, "seccomp");
  const securityOpt: SecurityOptions = {
    ...given("noNewPrivileges", noNewPrivileges),
    ...given("seccomp", free ? undefined : seccomp),
    ...options.securityOpt,
  };
  const own = options.ulimits ?? [];
  const others = (ulimits ?? []).filter(({ name }) => !own.some((one) => one.name === name));
  return {
    ...(Object.keys(securityOpt).length === 0 ? {} : { securityOpt }),
    ...(others.length === 0 ? {} : { ulimits: [...others, ...own] }),
  };
}

/** As docker has it: the options that are set are those of the driver that is set. */
function logOf(asked: LogOptions | undefined, set: LogOptions | undefined): LogOptions | undefined {
  if (set === undefined) return asked;
  const { driver = "husk" } = set;
  if (asked?.driver !== undefined && asked.driver !== driver) return asked;
  if (driver === "none") return { ...asked, driver };
  return { ...set, ...asked };
}

function given<K extends keyof (RunOptions & SecurityOptions)>(
  name: K,
  value: (RunOptions & SecurityOptions)[K] | undefined,
): { [N in K]?: (RunOptions & SecurityOptions)[N] } {
  return (value === undefined ? {} : { [name]: value }) as { [N in K]?: (RunOptions & SecurityOptions)[N] };
}
