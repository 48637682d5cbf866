import { inRootfs } from "./shell.ts";
import { quote } from "../plan/index.ts";
import type { Mount } from "./types.ts";

/** `mount(8)` for a new file system. */
export function shellForFileSystem(
  mount: Mount,
  destination: string,
  type: string,
  options: readonly string[],
): string {
  const place = inRootfs(destination);
  const { given, deep, propagation } = split(options);
  const all = [...given, ...deep].join(",");
  const flags = all === "" ? "" : ` -o ${quote(all)}`;
  const lines = [
    `mkdir -p ${place}`,
    `mount -t ${quote(type)}${flags} ${quote(mount.source ?? type)} ${place}`,
  ];
  return [...lines, ...propagation.map((kind) => `mount --make-${kind} ${place}`)].join("\n");
}

/** `mount(8)` for a bind mount; `file`: the source is no directory. */
export function shellForBind(mount: Mount, source: string, destination: string, file: boolean): string {
  const place = inRootfs(destination);
  const { given, deep, propagation, recursive } = split(mount.options);
  const parent = inRootfs(destination.slice(0, Math.max(destination.lastIndexOf("/"), 1)));
  const lines = [
    file ? `mkdir -p ${parent} && { [ -e ${place} ] || : > ${place}; }` : `mkdir -p ${place}`,
    `mount --${recursive ? "rbind" : "bind"} ${quote(source)} ${place}`,
  ];
  if (given.length > 0) lines.push(`mount -o remount,bind,${quote(given.join(","))} ${place}`);
  if (deep.length > 0) {
    lines.push(
      `for mount in $(findmnt -rno TARGET -R ${place}); do mount -o remount,bind,${quote(deep.join(","))} "$mount"; done`,
    );
  }
  for (const kind of propagation) lines.push(`mount --make-${kind} ${place}`);
  return lines.join("\n");
}

export function shellForRemount(mount: Mount, destination: string): string {
  const { given, deep } = split(mount.options);
  return `mount -o ${quote(["remount", ...given, ...deep].join(","))} ${inRootfs(destination)}`;
}

/** Options mount(8) takes with -o, and those it has switches for. */
function split(options: readonly string[] = []): {
  /** For the mount itself. */
  given: string[];
  /** Also for all that is mounted below. */
  deep: string[];
  propagation: string[];
  recursive: boolean;
} {
  const propagation: string[] = [];
  const given: string[] = [];
  const deep: string[] = [];
  for (const option of options) {
    if (/^r?(private|shared|slave|unbindable)$/.test(option)) propagation.push(option);
    else if (isRecursive(option)) deep.push(option.slice(1));
    else if (!/^(r?bind|defaults|remount|tmpcopyup|copy-symlink|(src|dest)-nofollow)$/.test(option))
      given.push(option);
  }
  return { given, deep, propagation, recursive: options.includes("rbind") };
}

/** `rro` and the like (runtime-spec, "Linux mount options"). */
function isRecursive(option: string): boolean {
  return /^r(ro|rw|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime|symfollow))$/.test(option);
}
