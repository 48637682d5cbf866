import type { ContainerRecord } from "../container/record.ts";
import { tagOf } from "./tag.ts";

/** The labels and variables of a container that its log's options chose, in the order of their names. */
export function attributesOf(record: ContainerRecord): Record<string, string> {
  const { options } = record;
  const { log, labels = {}, env = [] } = options;
  const chosen: [string, string][] = [];
  for (const label of log?.labels ?? []) if (labels[label] !== undefined) chosen.push([label, labels[label]]);
  for (const name of log?.env ?? []) {
    const entry = env.findLast((variable) => variable.startsWith(`${name}=`));
    if (entry !== undefined) chosen.push([name, entry.slice(name.length + 1)]);
  }
  if (log?.tag !== undefined && log.tag !== "") chosen.push(["tag", tagOf(record)]);
  return Object.fromEntries(chosen.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** docker's form of them: `key=value,other=value ` with what is no letter or digit escaped; a space without any. */
export function detailsOf(record: ContainerRecord): string {
  const parts = Object.entries(attributesOf(record)).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  return `${parts.join(",")} `;
}
