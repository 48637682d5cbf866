import { type EncodedPlan, errnoName, errnoWords, type List, type Report } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Group } from "../group.ts";
import { writeFile } from "../make-groups.ts";
import { echoInto } from "../shell.ts";
import type { GroupSpec } from "./named-group.ts";
import { allowedRange } from "./ranges.ts";
import { type SettingWrite, settingWrites } from "./settings.ts";

/**
 * Steps that write settings into a group, in the order they are given.
 *
 * @returns words for a value the kernel refuses: its own, and the range it takes
 */
export function setValues(
  list: List,
  places: readonly Group[],
  spec: GroupSpec,
  settings: readonly (readonly [name: string, value: string])[],
): (report: Report, encoded: EncodedPlan) => HuskError | undefined {
  const written: { readonly write: SettingWrite; readonly about: string }[] = [];
  for (const [name, value] of settings) {
    const earlier = written.map(({ write }) => write);
    for (const write of settingWrites(places, spec, name, value, earlier)) {
      const file = `${write.path}/${write.file}`;
      const about = `"${write.value}" into ${file}`;
      list.step(write.object, write.why, () => echoInto(write.value, file));
      writeFile(list, file, write.value, about);
      written.push({ write, about });
    }
  }
  return (report, encoded) => {
    const object = encoded.operations[report.ordinal]?.object;
    const found = written.find(({ about }) => about === object);
    return found === undefined ? undefined : refused(found.write, spec, report.errno);
  };
}

function refused({ object, path, file, value }: SettingWrite, spec: GroupSpec, errno: number): HuskError {
  const name = errnoName(errno);
  const denied = name === "EACCES" || name === "EPERM" || name === "EROFS";
  const hint = denied
    ? `be root, or have the group delegated to you: chown -R $USER ${path}`
    : allowedRange(file, name);
  return new HuskError(
    denied ? "denied" : "invalid",
    `${object} for control group "${spec.text}": the kernel refuses "${value}" in ${path}/${file}: ${errnoWords(errno)} (${name})`,
    hint === undefined ? undefined : { hint },
  );
}
