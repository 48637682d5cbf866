import type { CgroupFacts, ControllerFacts } from "../../cgroup/index.ts";
import { type Finding, limited, type Section, yes } from "./machine.ts";

/** The control groups: which version each controller is in, and what needs a missing one. */
export function cgroupSection(facts: CgroupFacts, uid: number): Section {
  const findings = facts.controllers.map((controller) => finding(controller));
  if (facts.controllers.some(({ controller, usable }) => controller === "memory" && usable)) {
    findings.push(
      facts.swapAccounting
        ? yes("swap", "counted")
        : limited("swap", "not counted: --memory-swap needs it", "boot with swapaccount=1"),
    );
  }
  const given = delegation(facts, uid);
  if (given !== undefined) findings.push(given);
  return { title: `Control groups (${facts.version})`, findings };
}

function finding(facts: ControllerFacts): Finding {
  const { controller, version, mount, usable, flags, problem = "" } = facts;
  if (usable) {
    const how = controller === "devices" && version === 2 ? ", by a program (eBPF)" : "";
    return yes(controller, `v${version} at ${mount}${how}`);
  }
  const need =
    flags.length === 0
      ? purpose(controller)
      : `${flags.join(", ")} ${flags.length > 1 ? "need" : "needs"} it`;
  const detail = `${problem}; ${need}`;
  if (isUndelegated(facts)) return { subject: controller, state: "limited", detail };
  if (version !== undefined) return limited(controller, detail, `as root: mount -o remount,rw ${mount}`);
  if (problem !== "not mounted") return limited(controller, detail, "boot a kernel that has it");
  const folder = `/sys/fs/cgroup/${v1Name(controller)}`;
  return limited(
    controller,
    detail,
    `as root: mkdir -p ${folder} && mount -t cgroup -o ${v1Name(controller)} cgroup ${folder}`,
  );
}

function purpose(controller: string): string {
  return controller === "devices"
    ? "containers are then kept from devices by having no right to make them"
    : "a container cannot be frozen without it";
}

function v1Name(controller: string): string {
  return controller === "io" ? "blkio" : controller;
}

/** Mounted, but not this user's. */
function isUndelegated({ usable, version, problem }: ControllerFacts): boolean {
  return !usable && version !== undefined && problem !== "mounted read-only";
}

/** One command that hands this user what is not theirs yet. */
function delegation({ controllers }: CgroupFacts, uid: number): Finding | undefined {
  const undelegated = controllers.filter(isUndelegated);
  if (undelegated.length === 0) return undefined;
  const subject = "delegation";
  const detail = `an ordinary user limits what root has handed over: ${undelegated.length} controllers are not`;
  const v1 = undelegated.filter(({ version }) => version === 1).map(({ mount }) => mount);
  if (v1.length === 0) {
    return limited(
      subject,
      detail,
      "systemd-run --user --scope -p Delegate=yes husk …, or log in by systemd",
    );
  }
  const cpuset = undelegated.find(
    ({ controller, version }) => controller === "cpuset" && version === 1,
  )?.mount;
  const fill =
    cpuset === undefined
      ? ""
      : ` && for f in cpus mems; do cat ${cpuset}/cpuset.$f > ${cpuset}/husk-${uid}/cpuset.$f; done`;
  return limited(
    subject,
    detail,
    `as root: for d in ${v1.join(" ")}; do mkdir -p $d/husk-${uid} && chown -R ${uid} $d/husk-${uid}; done${fill}`,
  );
}
