import { HuskError } from "../../platform/error.ts";

/** The systemd unit whose group a container gets. */
export interface UnitName {
  /** `machine.slice` */
  readonly slice: string;
  /** `husk-ID.scope` */
  readonly unit: string;
}

/**
 * The unit that `linux.cgroupsPath` names, as runc has it: `SLICE:PREFIX:NAME` is `PREFIX-NAME.scope` in SLICE, and
 * without a prefix `NAME.scope`. Absent: `husk-ID.scope` in `system.slice`, for ordinary users in `user.slice`.
 *
 * @throws HuskError "invalid" for anything else
 */
export function unitName(cgroupsPath: string | undefined, id: string, ofUser: boolean): UnitName {
  const usual = ofUser ? "user.slice" : "system.slice";
  if (!cgroupsPath) return { slice: usual, unit: checked(`husk-${id}.scope`) };
  const parts = cgroupsPath.split(":");
  if (parts.length !== 3)
    throw new HuskError(
      "invalid",
      `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${cgroupsPath}" instead`,
      { hint: "such as system.slice:husk:web; or leave --systemd-cgroup out" },
    );
  const [slice = "", prefix = "", name = ""] = parts;
  if (name.endsWith(".slice"))
    throw new HuskError("unsupported", `cgroupsPath "${cgroupsPath}": a slice holds groups, not processes`, {
      hint: "name a scope in it",
    });
  const scope = name.endsWith(".scope") ? name.slice(0, -".scope".length) : name;
  return {
    slice: slice === "" ? usual : checkedSlice(slice, cgroupsPath),
    unit: checked(prefix === "" ? `${scope}.scope` : `${prefix}-${scope}.scope`),
  };
}

/** A slice's name is its place in the tree: `-` parts the names, and none of them is empty (systemd.slice(5)). */
function checkedSlice(slice: string, given: string): string {
  const name = slice.endsWith(".slice") ? slice.slice(0, -".slice".length) : "";
  if (
    slice === "-.slice" ||
    (name !== "" && !name.includes("/") && name.split("-").every((part) => part !== ""))
  )
    return slice;
  throw new HuskError("invalid", `cgroupsPath "${given}": invalid slice name: ${slice}`);
}

/** Characters and length of unit names (systemd.unit(5)). */
function checked(unit: string): string {
  if (unit.length <= 255 && /^[A-Za-z0-9:_.\\@-]+$/.test(unit.replaceAll("+", "_"))) return escape(unit);
  throw new HuskError("invalid", `"${unit}" cannot be the name of a systemd unit`);
}

/** Container ids may have a `+`, unit names may not (systemd-escape(1)). */
function escape(unit: string): string {
  return unit.replaceAll("+", String.raw`\x2b`);
}

/** The object path of a unit: all but letters and digits, and a digit in front, as `_` and two hexadecimal digits. */
export function unitPath(unit: string): string {
  let escaped = "";
  for (let i = 0; i < unit.length; i++) {
    const character = unit[i] as string;
    const plain = /[A-Za-z]/.test(character) || (i > 0 && /[0-9]/.test(character));
    escaped += plain ? character : `_${unit.charCodeAt(i).toString(16).padStart(2, "0")}`;
  }
  return `/org/freedesktop/systemd1/unit/${escaped}`;
}
