import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { type List, quote, type Result } from "../plan/index.ts";

/** `process.apparmorProfile` and `process.selinuxLabel` of config.json. */
export interface ExecLabels {
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
}

const O_WRONLY = 1;
const O_CLOEXEC = 0x80000;
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_BENEATH = 0x08;

/**
 * Appends setting the label that the next exec takes on (proc_pid_attr(5)). Throws `unavailable` if the host has
 * not got the security module: a container that was to be confined is not started without.
 *
 * @param procfs descriptor of a procfs nobody else can tamper with; attributes are written through nothing else
 *   (CVE-2019-16884: an image's own /proc took the label for itself)
 */
export function labelExec(list: List, procfs: Result, labels: ExecLabels): void {
  const { apparmorProfile, selinuxLabel } = labels;
  if (apparmorProfile) {
    requireModule("AppArmor", apparmorEnabled(), `process.apparmorProfile: ${apparmorProfile}`);
    list.step(
      `AppArmor profile ${apparmorProfile}`,
      "the program is confined by the host's AppArmor rules",
      () => setprivShell("--apparmor-profile", apparmorProfile),
    );
    // The directory of its own exists since Linux 5.8; the older file may belong to another module.
    const own = openAttribute(list, procfs, "thread-self/attr/apparmor/exec").accept("ENOENT");
    const text = `exec ${apparmorProfile}`;
    list.when(own, "succeeded", () => writeLabel(list, own, text, apparmorProfile));
    list.when(own, "failed", () => {
      writeLabel(list, openAttribute(list, procfs, "thread-self/attr/exec"), text, apparmorProfile);
    });
  }
  if (selinuxLabel) {
    requireModule("SELinux", existsSync("/sys/fs/selinux/enforce"), `process.selinuxLabel: ${selinuxLabel}`);
    list.step(`SELinux label ${selinuxLabel}`, "the program is confined by the host's SELinux policy", () =>
      setprivShell("--selinux-label", selinuxLabel),
    );
    writeLabel(list, openAttribute(list, procfs, "thread-self/attr/exec"), selinuxLabel, selinuxLabel);
  }
}

/**
 * Checks that file systems can have the SELinux context `linux.mountLabel`. Throws `unavailable` where the host has no
 * SELinux.
 */
export function checkMountLabel(label: string): void {
  requireModule("SELinux", existsSync("/sys/fs/selinux/enforce"), `linux.mountLabel: ${label}`);
}

/** A label goes through words of a shell; what would be more than one word, or be expanded, must not get there. */
function setprivShell(option: string, label: string): string {
  if (/^[\w./:@%+,=-]+$/.test(label)) return `SETPRIV="$SETPRIV ${option} ${label}"`;
  return `echo ${quote(`setpriv ${option}: a script cannot hand on the label ${label}`)} >&2; exit 1`;
}

/** As runc asks: the module is loaded and switched on. */
function apparmorEnabled(): boolean {
  try {
    return readFileSync("/sys/module/apparmor/parameters/enabled", "latin1").startsWith("Y");
  } catch {
    return false;
  }
}

function requireModule(name: string, enabled: boolean, asked: string): void {
  if (enabled) return;
  throw new HuskError("unavailable", `${asked}: ${name} is not enabled on this machine`, {
    hint: `remove the label, or boot a kernel with ${name}`,
  });
}

function openAttribute(list: List, procfs: Result, path: string): ReturnType<List["call"]> {
  // struct open_how: flags, mode, resolve, 64 bits each.
  const how = new Uint8Array(
    Uint32Array.of(
      O_WRONLY | O_CLOEXEC,
      0,
      0,
      0,
      RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH,
      0,
    ).buffer,
  );
  return list.call("openat2", procfs, path, how, how.length).about(`/proc/${path}`);
}

function writeLabel(list: List, file: Result, text: string, label: string): void {
  const bytes = Buffer.from(text);
  list.call("write", file, bytes, bytes.length).expect(bytes.length).about(`label ${label}`);
}
