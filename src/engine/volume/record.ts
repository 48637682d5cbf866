import { HuskError } from "../../platform/error.ts";

/** Version of `volume.json`; a newer one is refused. */
export const VOLUME_FORMAT = 1;

/** `$root/volumes/<name>/volume.json`: written once, when the volume is made. */
export interface VolumeRecord {
  readonly format: typeof VOLUME_FORMAT;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  /** What docker's driver "local" takes: `type`, `device` and `o`, as mount(8) has them. */
  readonly options: Readonly<Record<string, string>>;
  /** It was made for one container, which takes it along when it is removed with its volumes. */
  readonly anonymous: boolean;
}

/** A volume and where its files are. */
export interface Volume extends VolumeRecord {
  /** Absolute path of the folder that containers see. */
  readonly mountpoint: string;
}

/** What a volume may be asked to be. */
export interface VolumeOptions {
  /** Absent: 64 hexadecimal digits. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  /** See {@link VolumeRecord.anonymous}; absent: false. */
  readonly anonymous?: boolean;
}

/**
 * Checks a name, which becomes the name of a folder.
 *
 * @throws HuskError "invalid", in docker's words
 */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  if (name.length === 1)
    throw new HuskError(
      "invalid",
      `volume name ${JSON.stringify(name)} is too short, names should be at least two alphanumeric characters`,
    );
  throw new HuskError(
    "invalid",
    `${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    { hint: "for a folder of this machine give its absolute path, or begin it with ./" },
  );
}

const OPTIONS = ["type", "device", "o"];

/**
 * Checks the options of driver "local".
 *
 * @throws HuskError "invalid"
 */
export function checkVolumeOptions(options: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key))
      throw new HuskError("invalid", `invalid option: ${JSON.stringify(key)}`, {
        hint: "a volume takes type, device and o, as mount(8) has them",
      });
  }
  const { device, o } = options;
  if (Object.keys(options).length > 0 && device === undefined)
    throw new HuskError("invalid", 'missing required option: "device"', {
      hint: "such as --opt type=tmpfs --opt device=tmpfs --opt o=size=100m",
    });
  if (o !== undefined && o.split(",").includes("bind") && device?.startsWith("/") !== true)
    throw new HuskError("invalid", `device ${JSON.stringify(device)}: not an absolute path`, {
      hint: "o=bind takes a folder of this machine as device",
    });
}
