// Boots Debian's kernel in QEMU, with this machine's files shared read-only, and runs test/vm/cases in it: pure
// cgroup v2, all capabilities; then test/vm/systemd-cases, with systemd as the first process. Emulated (TCG), as nested virtualisation is not to be relied on.
import { mkdirSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { repository } from "../harness/husk.ts";
import { findCommand } from "../harness/needs.ts";
import { failedOnce, type Order, type Outcome, passedOnce, skippedOnce, sum } from "../suite/part.ts";
import { type CpioEntry, cpioArchive } from "./cpio.ts";
import { findKernel, type Kernel } from "./kernel.ts";
import { modulesInOrder } from "./modules.ts";

const limitSeconds = 900;
const work = join(repository, "dist/test/vm");

/** What the machine needs to boot, and what husk uses that Debian builds as modules. */
const modules = [
  ...["virtio_pci", "9p", "9pnet_virtio", "overlay", "fuse", "loop", "dummy", "veth", "bridge", "tun"],
  ...["crc32c_generic", "nf_tables", "nft_chain_nat", "nft_masq", "nft_ct", "nft_reject_inet"],
];

/** Names of all cases: their files, without .sh. */
function caseNames(): string[] {
  return ["cases", "systemd-cases"]
    .flatMap((folder) => readdirSync(join(import.meta.dirname, folder)))
    .map((name) => name.replace(/\.sh$/, ""));
}

/** Runs the cases that are among the options, or all. */
export async function runVirtualMachine({ options, output }: Order): Promise<Outcome> {
  const only = caseNames().filter((name) => options.includes(name));
  const skip = (reason: string) => skippedOnce("vm: all cases", reason);
  if (process.arch !== "x64") return skip("an x86-64 machine");
  const qemu = findCommand("qemu-system-x86_64");
  if (qemu === undefined) return skip("qemu-system-x86");
  const busybox = findCommand("busybox");
  if (busybox === undefined) return skip("busybox-static");
  const kernel = findKernel();
  if (kernel === undefined) return skip("Debian's kernel package (apt-get download)");

  mkdirSync(work, { recursive: true });
  const console = join(work, "console.log");
  writeFileSync(console, "");
  writeFileSync(join(work, "initramfs"), initramfs(kernel, busybox));
  const status = await boot(qemu, kernel, console, only, output);
  const say = (text: string): number => writeSync(output, `${text}\n`);
  return sum([...readConsole(readFileSync(console, "utf8"), only, status, say)]);
}

function initramfs(kernel: Kernel, busybox: string): Uint8Array {
  const files = modulesInOrder(kernel.modules, modules);
  const order = files.map((file) => basename(file)).join("\n");
  const entries: CpioEntry[] = [
    { path: "busybox", mode: 0o100755, content: readFileSync(busybox) },
    { path: "init", mode: 0o100755, content: readFileSync(join(import.meta.dirname, "init")) },
    { path: "modules", mode: 0o40755 },
    { path: "modules/order", mode: 0o100644, content: new TextEncoder().encode(order) },
    ...files.map((file) => ({
      path: `modules/${basename(file)}`,
      mode: 0o100644,
      content: readFileSync(file),
    })),
  ];
  return cpioArchive(entries);
}

async function boot(
  qemu: string,
  kernel: Kernel,
  consolePath: string,
  only: readonly string[],
  output: number,
): Promise<string> {
  const words = ["console=ttyS0", "panic=-1", "quiet", "nokaslr", "mitigations=off"];
  // The kernel hands words it does not know to init as its environment.
  words.push(`REPOSITORY=${repository}`, `ONLY="${only.join(" ")}"`);
  const machine = Bun.spawn(
    [
      ...[qemu, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"],
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"],
      ...["-serial", `file:${consolePath}`, "-kernel", kernel.image, "-initrd", join(work, "initramfs")],
      ...["-append", words.join(" ")],
      ...["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"],
    ],
    { stdio: ["ignore", output, output] },
  );
  let status = "the machine stopped before the last case";
  const timer = setTimeout(() => {
    status = `the machine was stopped after ${limitSeconds} seconds`;
    machine.kill("SIGKILL");
  }, limitSeconds * 1000);
  await machine.exited;
  clearTimeout(timer);
  return status;
}

function* readConsole(
  text: string,
  only: readonly string[],
  status: string,
  say: (text: string) => void,
): Generator<Outcome> {
  const expected = new Set(only.length === 0 ? caseNames() : only);
  let printed: string[] = [];
  for (const line of text.replaceAll("\r", "").split("\n")) {
    const [, name, code, begin, end] = /^@case (\S+) (\d+) (\S+) (\S+)$/.exec(line) ?? [];
    if (name === undefined) {
      printed.push(line);
      continue;
    }
    expected.delete(name);
    const seconds = (Number(end) - Number(begin)).toFixed(1);
    if (code === "0") yield passedOnce(`vm: ${name}`);
    else if (code === "77") yield skippedOnce(`vm: ${name}`, printed.findLast((entry) => entry !== "") ?? "");
    else {
      say(`${printed.join("\n")}\n(fail) ${name}: status ${code} after ${seconds} s`);
      yield failedOnce(`vm: ${name}`);
    }
    printed = [];
  }
  if (expected.size === 0) return;
  say(`${printed.slice(-40).join("\n")}\n${status}; the console: ${join(work, "console.log")}`);
  for (const name of expected) yield failedOnce(`vm: ${name} did not run: ${status}`);
}
