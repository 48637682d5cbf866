import { subIdRanges } from "../../engine/subids.ts";
import { type Finding, limited, type Machine, no, type Section, yes } from "./machine.ts";

/** What root does without a user namespace: numbers of capabilities(7). */
const NEEDED: readonly (readonly [number: number, name: string])[] = [
  [21, "CAP_SYS_ADMIN"],
  [7, "CAP_SETUID"],
  [6, "CAP_SETGID"],
  [8, "CAP_SETPCAP"],
  [18, "CAP_SYS_CHROOT"],
  [27, "CAP_MKNOD"],
  [0, "CAP_CHOWN"],
  [1, "CAP_DAC_OVERRIDE"],
  [5, "CAP_KILL"],
];

const USEFUL: readonly (readonly [number: number, name: string, need: string])[] = [
  [24, "CAP_SYS_RESOURCE", "raising hard limits (--ulimit) and lowering --oom-score-adj need it"],
  [12, "CAP_NET_ADMIN", "bringing up the loopback device in --network none"],
];

/** Whether a capability is in the mask of /proc/self/status (`CapEff`). */
function hasCapability(machine: Machine, number: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(machine.read("/proc/self/status") ?? "")?.[1] ?? "0";
  return ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

/** Whether husk can make containers without a user namespace. */
export function isPrivileged(machine: Machine): boolean {
  return hasCapability(machine, 21);
}

/** What this user may do: capabilities of root, id ranges of an ordinary user. */
export function rightsSection(machine: Machine): Section {
  return {
    title: machine.uid === 0 ? "Rights (root)" : `Rights (user ${machine.uid})`,
    findings: isPrivileged(machine) ? capabilities(machine) : idRanges(machine),
  };
}

function capabilities(machine: Machine): Finding[] {
  const missing = NEEDED.filter(([number]) => !hasCapability(machine, number)).map(([, name]) => name);
  const again = "start husk with them; inside a container, start that one with --privileged";
  const findings = [
    missing.length === 0
      ? yes("capabilities", "all that husk needs")
      : no("capabilities", `missing: ${missing.join(", ")}`, again),
  ];
  for (const [number, name, need] of USEFUL) {
    if (!hasCapability(machine, number)) findings.push(limited(name, need, again));
  }
  return findings;
}

function idRanges(machine: Machine): Finding[] {
  const name = accountName(machine);
  const who = name ?? String(machine.uid);
  const findings: Finding[] = [];
  for (const [program, file] of [
    ["newuidmap", "/etc/subuid"],
    ["newgidmap", "/etc/subgid"],
  ] as const) {
    const path = findProgram(machine, program);
    findings.push(
      path === undefined
        ? limited(program, "without it a container has one user only", "as root: apt-get install uidmap")
        : yes(program, path),
    );
    const ranges = subIdRanges(machine.read(file) ?? "", name, machine.uid);
    const count = ranges.reduce((sum, range) => sum + range.count, 0);
    const add = `as root: usermod --add-sub${file.slice(-3)}s 100000-165535 ${who}`;
    findings.push(
      count === 0
        ? limited(file, `no range for ${who}: a container has one user only`, add)
        : yes(file, `${count} ids for ${who}`),
    );
  }
  return findings;
}

function accountName(machine: Machine): string | undefined {
  for (const line of machine.read("/etc/passwd")?.split("\n") ?? []) {
    const [name, , uid] = line.split(":");
    if (Number(uid) === machine.uid && uid !== "") return name;
  }
  return undefined;
}

/** The file of a program in PATH; undefined if there is none. */
export function findProgram(machine: Machine, name: string): string | undefined {
  for (const folder of (machine.env["PATH"] ?? "/usr/bin:/bin").split(":")) {
    const path = `${folder}/${name}`;
    const file = machine.stat(path);
    if (file !== undefined && (file.mode & 0o111) !== 0) return path;
  }
  return undefined;
}
