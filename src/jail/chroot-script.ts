import type { LinuxIdMapping, NamespaceType } from "../namespace/index.ts";
import { quote } from "../plan/index.ts";
import type { ChrootOptions } from "./plan-chroot.ts";

const unshareOptions: Readonly<Partial<Record<NamespaceType, string>>> = {
  user: "--user",
  mount: "--mount",
  network: "--net",
  ipc: "--ipc",
};

/** The same with unshare(1), mount(8) and chroot(1). */
export function chrootScript(
  options: ChrootOptions,
  types: readonly NamespaceType[],
  argv: readonly string[],
  caller: { readonly uid: number; readonly gid: number },
): string {
  const { folder, user, maps } = options;
  const as =
    user === undefined
      ? ""
      : `--userspec=${user.uid}:${user.gid} ${maps === undefined ? `--groups=${user.groups.join(",")} ` : ""}`;
  const chroot = `exec chroot ${as}${quote(folder)} ${argv.map(quote).join(" ")}`;
  if (types.length === 0) return `${chroot}\n`;
  const words = types.map((type) => unshareOptions[type]);
  if (maps !== undefined)
    words.push(...mapOptions("user", maps.uids, caller.uid), ...mapOptions("group", maps.gids, caller.gid));
  const inside = types.includes("mount") ? [...mountCommands(options), chroot] : [chroot];
  return `exec unshare ${words.join(" ")} -- /bin/sh -euc ${quoteLines(inside)}\n`;
}

function mountCommands({ folder, mounts, readOnly, oldRoot }: ChrootOptions): string[] {
  const root = quote(folder);
  const lines = [`mount --rbind ${root} ${root}`];
  for (const { source = "", destination, options = [] } of mounts) {
    const place = quote(`${folder}${destination}`);
    lines.push(`[ ! -d ${quote(source)} ] || mkdir -p ${place}`, `[ -e ${place} ] || : > ${place}`);
    lines.push(`mount --rbind ${quote(source)} ${place}`);
    if (options.includes("rro") || options.includes("ro")) lines.push(`mount -o remount,bind,ro ${place}`);
  }
  if (oldRoot !== undefined) lines.push(`mount --rbind / ${quote(`${folder}${oldRoot}`)}`);
  if (readOnly) lines.push(`mount -o remount,bind,ro ${root}`);
  lines.push(
    "# husk changes the root with pivot_root here: a shell has no umount in there to let go of the old one",
  );
  return lines;
}

/** unshare(1)'s options for one map: the caller's own id, or ranges (outer, inner, count). */
function mapOptions(kind: "user" | "group", maps: readonly LinuxIdMapping[], own: number): string[] {
  return maps.map(({ containerID, hostID, size }) =>
    size === 1 && hostID === own
      ? `--map-${kind}=${containerID}`
      : `--map-${kind}s=${hostID},${containerID},${size}`,
  );
}

function quoteLines(lines: readonly string[]): string {
  return `'\n${lines.join("\n").replaceAll("'", "'\\''")}\n'`;
}
