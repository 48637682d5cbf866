import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Spec } from "../src/runtime/config.ts";
import type { LinuxSeccomp } from "../src/security/index.ts";
import { syscallNumbers } from "../src/plan/index.ts";

/** Makes a bundle as `runc spec` does, with busybox's `true` as the program and without a terminal. */
export async function makeBundle(folder: string, change: (spec: Spec) => void = () => {}): Promise<string> {
  const bin = join(folder, "rootfs/bin");
  mkdirSync(bin, { recursive: true });
  const busybox = Bun.which("busybox");
  if (busybox === null) throw new Error("busybox is missing: apt-get install busybox-static");
  copyFileSync(busybox, join(bin, "busybox"));
  for (const applet of ["true", "sleep", "sh"]) symlinkSync("busybox", join(bin, applet));
  const spec = await defaultSpec(folder);
  spec.process.terminal = false;
  spec.process.args = ["/bin/true"];
  change(spec);
  writeFileSync(join(folder, "config.json"), JSON.stringify(spec, undefined, "\t"));
  return folder;
}

async function defaultSpec(folder: string): Promise<Spec> {
  for (const runtime of ["runc", "crun"]) {
    if (Bun.which(runtime) === null) continue;
    Bun.spawnSync([runtime, "spec"], { cwd: folder });
    return Bun.file(join(folder, "config.json")).json();
  }
  return (await import("../test/harness/default-config.json")).default as unknown as Spec;
}

/** A profile of the size of Docker's: some 350 calls allowed on three architectures, some only with arguments. */
export function bigProfile(): LinuxSeccomp {
  const allowed = Object.keys(syscallNumbers.x86_64)
    .filter((name) => !DENIED.includes(name))
    .slice(0, 345);
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [
      { names: allowed, action: "SCMP_ACT_ALLOW" },
      ...[0, 8, 131072, 131080, 4294967295].map((value) => ({
        names: ["personality"],
        action: "SCMP_ACT_ALLOW" as const,
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" as const }],
      })),
      {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ],
  };
}

const DENIED =
  "acct add_key bpf clock_adjtime clock_settime clone clone3 create_module delete_module finit_module init_module " +
  "io_uring_enter io_uring_register io_uring_setup kexec_file_load kexec_load keyctl lookup_dcookie mbind mount " +
  "move_pages nfsservctl open_by_handle_at perf_event_open personality pivot_root quotactl reboot request_key " +
  "set_mempolicy setns settimeofday swapoff swapon sysfs _sysctl umount2 unshare userfaultfd ustat vhangup";
