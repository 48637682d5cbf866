import type { ContainerRecord } from "../container/record.ts";

/** The labels and variables of a container that its log's options chose, in the order of their names. */
export function attributesOf({ options }: ContainerRecord): Record<string, string> {
  const { log, labels = {}, env = [] } = options;
  const chosen: [string, string][] = [];
  for (const label of log?.labels ?? []) if (labels[label] !== undefined) chosen.push([label, labels[label]]);
  for (const name of log?.env ?? []) {
    const entry = env.findLast((variable) => variable.startsWith(`${name}=`));
    if (entry !== undefined) chosen.push([name, entry.slice(name.length + 1)]);
  }
  return Object.fromEntries(chosen.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** docker's form of them: `key=value,other=value ` with what is no letter or digit escaped. */
export function detailsOf(record: ContainerRecord): string {
  const parts = Object.entries(attributesOf(record)).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  return parts.length === 0 ? "" : `${parts.join(",")} `;
}
