import type { Rewritten } from "../layer/index.ts";
import type { TarEntry } from "../tar/index.ts";

/** When a system was made: what is younger than `begun` was written then, and gets the time `epoch`. Seconds since 1970. */
export interface Times {
  readonly begun: number;
  readonly epoch: number;
}

const DAY = 86_400;

/** Folders that belong to a running system, or to how this one was made: they stay, empty. */
const emptied =
  /^(dev|proc|sys|run|tmp|var\/tmp|var\/cache\/apt\/archives|var\/lib\/apt\/lists|var\/log\/apt|var\/cache\/man)\/./;
/** Folders below those that programs expect. */
const keptFolders =
  /^(run\/lock|run\/[a-z-]+|var\/cache\/apt\/archives\/partial|var\/lib\/apt\/lists\/partial)\/?$/;
/** Whoever ran apt decides whose these are (apt.conf(5), APT::Sandbox::User); apt gives them away again as it needs. */
const downloadFolders = /^var\/(cache\/apt\/archives|lib\/apt\/lists)\/partial$/;
/** Files that tell when, where and by whom the system was made, and are made again where they are needed. */
const removed = new RegExp(
  `^(${[
    "debootstrap/.*",
    "etc/(hostname|resolv\\.conf)",
    "etc/(passwd|group|shadow|gshadow|subuid|subgid)-",
    "etc/\\.pwd\\.lock",
    "etc/ssh/ssh_host_.*",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/(random-seed|catalog/database)",
    "var/lib/dpkg/(.*-old|lock|lock-frontend|triggers/Lock|available)",
    "var/lib/apt/(extended_states\\.old|daily_lock)",
    "var/cache/apt/.*\\.bin",
    "var/cache/debconf/.*-old",
    "var/cache/ldconfig/aux-cache",
    "var/log/.*\\.log",
    "root/\\.bash_history",
  ].join("|")})$`,
);
/** Logs that programs want to find. */
const emptiedFiles = /^(var\/log\/(btmp|wtmp|lastlog|faillog|tallylog)|etc\/machine-id)$/;

/** What an image holds of a freshly made system, so that the same packages give the same image. */
export function tidied(entry: TarEntry, times: Times): Rewritten {
  const path = pathOf(entry);
  if (path === "") return undefined;
  if (removed.test(path)) return undefined;
  if (emptied.test(path) && !(entry.type === "directory" && keptFolders.test(path))) return undefined;
  const known = downloadFolders.test(path) ? { ...entry, uid: 0, gid: 0 } : entry;
  const clamped = clamp(known, times.epoch);
  if (entry.type !== "file") return { entry: clamped };
  if (emptiedFiles.test(path)) return { entry: clamped, content: () => new Uint8Array() };
  if (path === "etc/shadow")
    return {
      entry: clamped,
      content: (old) => Buffer.from(withoutDates(Buffer.from(old).toString("latin1"), times), "latin1"),
    };
  return { entry: clamped };
}

/**
 * Whether a file's time comes from a package: those say when it was built. What has been written since the beginning
 * does not count, and neither do lists of packages, which are the mirror's.
 */
export function isPackaged(entry: TarEntry, begun: number): boolean {
  return (
    entry.type === "file" &&
    entry.mtime.seconds < begun &&
    tidied(entry, { begun, epoch: begun })?.entry !== undefined &&
    !/^(var|etc)\//.test(pathOf(entry))
  );
}

function pathOf({ name }: TarEntry): string {
  return plainPath(name);
}

function plainPath(name: string): string {
  return name
    .replace(/^(\.?\/)+/, "")
    .replace(/^\.$/, "")
    .replace(/\/$/, "");
}

function clamp(entry: TarEntry, epoch: number): TarEntry {
  const { atime: _read, ctime: _changed, userName: _user, groupName: _group, ...rest } = entry;
  const mtime = entry.mtime.seconds >= epoch ? { seconds: epoch, nanoseconds: 0 } : entry.mtime;
  const linkName = entry.type === "hard-link" ? plainPath(entry.linkName) : entry.linkName;
  return { ...rest, name: pathOf(entry), linkName, mtime, userName: "", groupName: "" };
}

/** shadow(5) tells in days when a password was set last: here that was never. */
function withoutDates(text: string, { begun, epoch }: Times): string {
  return text
    .split("\n")
    .map((line) => {
      const fields = line.split(":");
      if (Number(fields[2]) >= Math.floor(begun / DAY)) fields[2] = `${Math.floor(epoch / DAY)}`;
      return fields.join(":");
    })
    .join("\n");
}
