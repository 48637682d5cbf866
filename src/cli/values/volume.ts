import type { BindSpec, Propagation } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import { invalidValue } from "./invalid.ts";
import { hostPath, mountTarget } from "./path.ts";

const ACCEPTED =
  "SOURCE:TARGET[:OPTIONS] with a source such as /data or ./data and options such as ro,rslave";

/** `--volume SOURCE:TARGET[:OPTIONS]` as a bind mount; a missing source becomes a folder, as docker does. */
export function parseVolume(flag: string, value: string): BindSpec {
  const [source, target, options, more] = value.split(":");
  if (!source || target === undefined || more !== undefined) {
    if (source && target === undefined && source[0] === "/")
      throw volumesLater(flag, value, "without a source");
    throw invalidValue(flag, value, ACCEPTED);
  }
  if (source[0] !== "/" && source[0] !== ".") throw volumesLater(flag, value, `named "${source}"`);

  const bind: { -readonly [K in keyof BindSpec]: BindSpec[K] } = {
    type: "bind",
    source: hostPath(flag, source),
    target: mountTarget(flag, target, value),
    createSource: true,
  };
  if (options === undefined) return bind;
  let mode = false;
  for (const option of options.split(",")) {
    if (option === "ro" || option === "rw") {
      if (mode) throw invalidValue(flag, value, "only one of ro and rw");
      mode = true;
      bind.readOnly = option === "ro";
    } else if (isPropagation(option)) {
      if (bind.propagation !== undefined) throw invalidValue(flag, value, "only one kind of propagation");
      bind.propagation = option;
    } else if (
      option !== "nocopy" &&
      option !== "consistent" &&
      option !== "cached" &&
      option !== "delegated"
    ) {
      // Those four ask for nothing on a bind mount of Linux; docker takes them too.
      if (option === "z" || option === "Z") throw relabelLater(flag, value, option);
      throw invalidValue(flag, value, `unknown option "${option}"; ${ACCEPTED}`);
    }
  }
  return bind;
}

export function isPropagation(text: string): text is Propagation {
  const name = text[0] === "r" ? text.slice(1) : text;
  return name === "private" || name === "shared" || name === "slave";
}

function volumesLater(flag: string, value: string, which: string): HuskError {
  return new HuskError(
    "unsupported",
    `--${flag} ${value}: volumes ${which} are not in this version of husk`,
    {
      hint: "bind a folder of the host: --volume /absolute/path:/path, or ./path for one in this folder",
    },
  );
}

function relabelLater(flag: string, value: string, option: string): HuskError {
  return new HuskError(
    "unsupported",
    `--${flag} ${value}: relabelling (${option}) is not in this version of husk`,
    { hint: "leave it out, and with SELinux label the folder by chcon -t container_file_t" },
  );
}
