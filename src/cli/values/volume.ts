import { existsSync } from "node:fs";
import type { BindSpec, Propagation, VolumeSpec } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import { invalidValue } from "./invalid.ts";
import { hostPath, mountTarget } from "./path.ts";

const ACCEPTED =
  "[SOURCE:]TARGET[:OPTIONS] with a folder such as /data or ./data, or a volume's name, as source, and options such as ro,rslave";

/**
 * `--volume [SOURCE:]TARGET[:OPTIONS]`: a source that begins with / or . is bind mounted, and made if it is missing;
 * any other is the name of a volume; without one it is a volume of the container's own.
 */
export function parseVolume(flag: string, value: string): BindSpec | VolumeSpec {
  const [first, second, third, more] = value.split(":");
  if (!first || more !== undefined) throw invalidValue(flag, value, ACCEPTED);
  if (second === undefined) {
    if (first[0] !== "/") throw invalidValue(flag, value, ACCEPTED);
    return { type: "volume", target: mountTarget(flag, first, value) };
  }
  const target = mountTarget(flag, second, value);
  if (first[0] === "/" || first[0] === ".") {
    const { noCopy: _, ...options } = readOptions(flag, value, third);
    return { type: "bind", source: hostPath(flag, first), target, createSource: true, ...options };
  }
  return { type: "volume", name: first, target, ...readOptions(flag, value, third) };
}

/** The same where there are no volumes: a bind mount. */
export function parseBindVolume(flag: string, value: string): BindSpec {
  const spec = parseVolume(flag, value);
  if (spec.type === "bind") return spec;
  throw invalidValue(flag, value, "SOURCE:TARGET[:OPTIONS] with a source such as /data or ./data");
}

/** `--volumes-from CONTAINER[:ro|rw]`, checked. */
export function parseVolumesFrom(flag: string, value: string): string {
  const [name, mode = "rw", more] = value.split(":");
  if (!name || (mode !== "ro" && mode !== "rw") || more !== undefined)
    throw invalidValue(flag, value, "CONTAINER, or CONTAINER:ro");
  return value;
}

interface VolumeFlags {
  readOnly?: boolean;
  propagation?: Propagation;
  noCopy?: boolean;
}

function readOptions(flag: string, value: string, options: string | undefined): VolumeFlags {
  const read: VolumeFlags = {};
  if (options === undefined) return read;
  for (const option of options.split(",")) {
    if (option === "ro" || option === "rw") {
      if (read.readOnly !== undefined) throw invalidValue(flag, value, "only one of ro and rw");
      read.readOnly = option === "ro";
    } else if (isPropagation(option)) {
      if (read.propagation !== undefined) throw invalidValue(flag, value, "only one kind of propagation");
      read.propagation = option;
    } else if (option === "nocopy") {
      read.noCopy = true;
    } else if (option === "z" || option === "Z") {
      // Without SELinux there is nothing to label, here as with docker.
      if (existsSync("/sys/fs/selinux/enforce")) throw relabelLater(flag, value, option);
    } else if (option !== "consistent" && option !== "cached" && option !== "delegated") {
      // Those three ask for nothing on Linux; docker takes them too.
      throw invalidValue(flag, value, `unknown option "${option}"; ${ACCEPTED}`);
    }
  }
  return read;
}

export function isPropagation(text: string): text is Propagation {
  const name = text[0] === "r" ? text.slice(1) : text;
  return name === "private" || name === "shared" || name === "slave";
}

function relabelLater(flag: string, value: string, option: string): HuskError {
  return new HuskError(
    "unsupported",
    `--${flag} ${value}: relabelling (${option}) is not in this version of husk`,
    { hint: "leave it out, and with SELinux label the folder by chcon -t container_file_t" },
  );
}
