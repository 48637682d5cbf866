export type Propagation = "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";

export type MountSpec = MountedSpec | VolumeSpec;

/** What can be mounted as it is. */
export type MountedSpec = BindSpec | TmpfsSpec | DeviceMountSpec;

/** A file system of a device or a server, which a volume's options name. */
export interface DeviceMountSpec {
  readonly type: "device";
  readonly fileSystem: string;
  readonly device: string;
  readonly target: string;
  /** As mount(8) takes them. */
  readonly options: readonly string[];
}

/** A volume of the engine's; see src/engine/volume. */
export interface VolumeSpec {
  readonly type: "volume";
  /** Absent: one is made for this container. */
  readonly name?: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly?: boolean;
  /** Do not fill a new volume with what the image has at the target. */
  readonly noCopy?: boolean;
  /** A folder or file in the volume that is mounted instead of all of it. */
  readonly subpath?: string;
  readonly propagation?: Propagation;
  /** For a volume that is to be made: see VolumeOptions. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  /** It goes with the container, if that is removed with its volumes: it got its name by being made for it. */
  readonly anonymous?: boolean;
}

export interface BindSpec {
  readonly type: "bind";
  /** Absolute path on the host. */
  readonly source: string;
  /** A folder that `source` is below and that containers write to: links lead nowhere outside of it. */
  readonly sourceRoot?: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly?: boolean;
  /**
   * What happens to mounts below the source: `enabled` (absent) takes them along, read-only ones as
   * far as the kernel can; `disabled` leaves them out; `writable` keeps them writable under a
   * read-only mount; `readonly` insists that they are read-only.
   */
  readonly recursive?: "enabled" | "disabled" | "writable" | "readonly";
  readonly propagation?: Propagation;
  /** `--volume` makes a folder of a missing source; `--mount` does not. */
  readonly createSource?: boolean;
}

export interface TmpfsSpec {
  readonly type: "tmpfs";
  readonly target: string;
  /** As mount(8) takes them: `size=67108864`, `mode=1777`, `exec`, `ro`. */
  readonly options: readonly string[];
}
