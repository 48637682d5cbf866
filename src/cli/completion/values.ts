import { ISOLATIONS } from "../../engine/run-options.ts";
import type { Flag } from "../flags/table.ts";
import { SIGNALS } from "../../platform/signal.ts";
import { ULIMIT_NAMES } from "../../engine/ulimit.ts";

/** Capabilities of Linux (capabilities(7)) without `CAP_`. */
const CAPABILITIES =
  "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH " +
  "FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN " +
  "NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT " +
  "SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM";

const SECURITY = [
  "no-new-privileges",
  "seccomp=unconfined",
  "systempaths=unconfined",
  "label=disable",
  "unmask=ALL",
];

/** The words a flag's value can be; none: any text, a file or a folder. */
export function valuesOf(flag: Flag): readonly string[] {
  switch (flag.values) {
    case "":
    case "file":
    case "dir":
      return [];
    case "@capability":
      return CAPABILITIES.split(" ");
    case "@isolation":
      return ISOLATIONS;
    case "@security":
      return SECURITY;
    case "@signal":
      return SIGNALS.split(" ");
    case "@ulimit":
      return ULIMIT_NAMES.map((name) => `${name}=`);
    default:
      return flag.values.split("|");
  }
}
