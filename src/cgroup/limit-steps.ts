import { type Call, type List, quote } from "../plan/index.ts";
import type { DeviceWrite } from "./device-rules.ts";
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from "./flags.ts";
import { type Group, groupIn } from "./group.ts";
import { writeFile } from "./make-groups.ts";
import type { ResourceWrite } from "./resource-write.ts";
import { echoInto } from "./shell.ts";

/** Steps that write limits into the container's groups, one step a limit. */
export function limitSteps(keeper: List, groups: readonly Group[], writes: readonly ResourceWrite[]): void {
  let last = "";
  let fd: Call | undefined;
  for (const { hierarchy, file, value, object, why, otherwise } of writes) {
    const group = groupIn(groups, hierarchy);
    if (group === undefined) throw new Error(`a limit for ${hierarchy.mount}, in which there is no group`);
    const path = `${group.path}/${file}`;
    keeper.step(object, why, () => shellWrite(group.path, file, value, otherwise));
    const about = `${object} ("${path}" = "${value}")`;
    if (otherwise !== undefined) {
      fd = keeper.call("openat", AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0).accept("ENOENT");
      const first = fd;
      keeper.when(first, "failed", () => {
        const other = `${group.path}/${otherwise.file}`;
        writeFile(keeper, other, otherwise.value, `${object} ("${other}" = "${otherwise.value}")`);
      });
      keeper.when(first, "succeeded", () => {
        keeper.call("write", first, value, value.length).expect(value.length).about(about);
      });
    } else if (fd !== undefined && path === last) {
      keeper.call("write", fd, value, value.length).expect(value.length).about(about);
    } else {
      fd = writeFile(keeper, path, value, about);
    }
    last = path;
  }
}

function shellWrite(
  folder: string,
  file: string,
  value: string,
  otherwise: ResourceWrite["otherwise"],
): string {
  const write = echoInto(value, `${folder}/${file}`);
  if (otherwise === undefined) return write;
  const other = echoInto(otherwise.value, `${folder}/${otherwise.file}`);
  return `if [ -e ${quote(`${folder}/${file}`)} ]; then ${write}; else ${other}; fi`;
}

/** The step that restricts device nodes through the `devices` controller of v1. */
export function deviceSteps(keeper: List, group: Group, writes: readonly DeviceWrite[]): void {
  if (writes.length === 0) return;
  const { path } = group;
  keeper.step(
    "allowed devices",
    "a device node made or found in the container opens only if it is on this list: no disk, no memory",
    () => writes.map(({ file, value }) => echoInto(value, `${path}/${file}`)).join("\n"),
  );
  const open = new Map<string, Call>();
  for (const { file, value } of writes) {
    let fd = open.get(file);
    if (fd === undefined) {
      fd = keeper.call("openat", AT_FDCWD, `${path}/${file}`, O_WRONLY | O_CLOEXEC, 0);
      open.set(file, fd);
    }
    keeper
      .call("write", fd, value, value.length)
      .expect(value.length)
      .about(`device rule "${value}" in "${path}/${file}"`);
  }
}
