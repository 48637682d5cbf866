import { decodeMessage, encodeMessage, type Message } from "./protobuf.ts";

/** Kinds of requests and answers (criu's images/rpc.proto). */
export const kinds = { dump: 1, restore: 2, preDump: 4, notify: 6, features: 9 } as const;
export type Kind = "dump" | "restore" | "preDump" | "features";

/** What criu is to do with control groups (criu(8), --manage-cgroups). */
const cgroupModes: Readonly<Record<string, number>> = {
  ignore: 0,
  soft: 3,
  full: 4,
  strict: 5,
};
const CGROUPS_AS_CRIU_LIKES = 6;
const CLONE_NEWNET = 0x40000000;
const LOG_LEVEL = 4;

/** What checkpoint and restore share of criu's options; descriptors are numbers in the keeper. */
export interface CriuOptions {
  readonly imagesFd: number;
  readonly workFd?: number | undefined;
  readonly logFile: string;
  /** The container's root, as a path for criu. */
  readonly root: string;
  /** Key of {@link cgroupModes}; absent: criu's default. */
  readonly cgroupsMode?: string | undefined;
  readonly shellJob: boolean;
  readonly externalUnixSockets: boolean;
  readonly tcpEstablished: boolean;
  readonly fileLocks: boolean;
  readonly autoDedup: boolean;
  readonly lazyPages: boolean;
  readonly configFile: string | undefined;
  /** Mounts whose other side is outside: place in the container to key, or to path when restoring. */
  readonly externalMounts: readonly (readonly [place: string, other: string])[];
}

export interface DumpOptions extends CriuOptions {
  readonly pid: number;
  readonly leaveRunning: boolean;
  readonly tcpSkipInFlight: boolean;
  readonly linkRemap: boolean;
  readonly statusFd?: number | undefined;
  /** Folder of the images before, relative to the new ones. */
  readonly parent?: string | undefined;
  readonly pageServer?: { readonly address: string; readonly port: number } | undefined;
  readonly freezer?: string | undefined;
  /** `net[INODE]:extRootNetNS` */
  readonly external: readonly string[];
}

export interface RestoreOptions extends CriuOptions {
  readonly lsmProfile?: string | undefined;
  readonly lsmMountContext?: string | undefined;
  /** Descriptors the restored processes get for what they had: key to number. */
  readonly inherited: readonly (readonly [key: string, fd: number])[];
  /** Where the control groups of the images are now: controllers to path. */
  readonly cgroupRoots: readonly (readonly [controllers: string, path: string])[];
  readonly joined: readonly (readonly [type: string, path: string])[];
}

function shared(options: CriuOptions): Message {
  return {
    1: options.imagesFd,
    4: options.externalUnixSockets,
    5: options.tcpEstablished,
    7: options.shellJob,
    8: options.fileLocks,
    9: LOG_LEVEL,
    10: options.logFile,
    12: true, // notify_scripts: without, no orphaned terminal is handed over
    13: options.root,
    16: options.autoDedup,
    17: options.workFd,
    23: options.externalMounts.map(([key, val]): Message => ({ 1: key, 2: val })),
    24: true, // manage_cgroups
    34: options.cgroupsMode === undefined ? CGROUPS_AS_CRIU_LIKES : cgroupModes[options.cgroupsMode],
    38: CLONE_NEWNET, // empty_ns: whoever made the network makes it again
    48: options.lazyPages,
    50: true, // orphan_pts_master: the other ends of terminals are outside
    51: options.configFile,
  };
}

/** The request to write a container's images, or of its memory alone. */
export function dumpRequest(kind: "dump" | "preDump", options: DumpOptions): Uint8Array {
  const { pageServer, parent } = options;
  return encodeMessage({
    1: kinds[kind],
    2: {
      ...shared(options),
      2: options.pid,
      3: options.leaveRunning,
      11: pageServer === undefined ? undefined : { 1: pageServer.address, 2: pageServer.port },
      14: parent,
      15: parent === undefined ? undefined : true,
      18: options.linkRemap,
      37: options.external,
      44: options.freezer,
      46: options.tcpSkipInFlight,
      49: options.statusFd,
    },
  });
}

/** The request to make a container of its images, as a sibling of criu's process. */
export function restoreRequest(options: RestoreOptions): Uint8Array {
  return encodeMessage({
    1: kinds.restore,
    2: {
      ...shared(options),
      6: true, // evasive_devices
      25: options.cgroupRoots.map(([ctrl, path]): Message => ({ 1: ctrl, 2: path })),
      26: true, // rst_sibling
      27: options.inherited.map(([key, fd]): Message => ({ 1: key, 2: fd })),
      39: options.joined.map(([ns, file]): Message => ({ 1: ns, 2: file })),
      53: options.lsmProfile,
      56: options.lsmMountContext,
    },
  });
}

const FEATURES = 8;
/** What not every kernel has of what criu needs: fields of criu_features. */
const features = { MemTrack: 1, LazyPages: 2 } as const;
export type Feature = keyof typeof features;

/** The request to tell whether this kernel and criu have a feature. */
export function featureRequest(feature: Feature): Uint8Array {
  return encodeMessage({ 1: kinds.features, 5: { [features[feature]]: true } });
}

/** Whether the answer to {@link featureRequest} says so. */
export function hasFeature(answer: Uint8Array, feature: Feature): boolean {
  const found = decodeMessage(answer).get(FEATURES);
  return found instanceof Uint8Array && decodeMessage(found).get(features[feature]) === 1;
}
