import { type ContainerRecord, imageName } from "../container/record.ts";
import type { Folders } from "../folders.ts";
import { appendEvent, type EventBody } from "./journal.ts";

/** What docker calls what happens to containers. */
export type ContainerAction =
  | "create"
  | "commit"
  | "start"
  | "die"
  | "stop"
  | "kill"
  | "pause"
  | "unpause"
  | "restart"
  | "rename"
  | "update"
  | "destroy"
  | `health_status: ${string}`;

/** An event of a container: its image, name and labels are attributes, beside `more`. */
export function containerEvent(
  { id, name, source, options }: ContainerRecord,
  action: ContainerAction,
  more: Readonly<Record<string, string>> = {},
): EventBody {
  return {
    Type: "container",
    Action: action,
    Actor: { ID: id, Attributes: { ...options.labels, ...more, image: imageName(source), name } },
  };
}

export function tellContainer(
  folders: Folders,
  record: ContainerRecord,
  action: ContainerAction,
  more?: Readonly<Record<string, string>>,
): void {
  appendEvent(folders, containerEvent(record, action, more));
}

/** A keeper's event has to fit into a page; longer ones are told without the container's labels. */
const LONGEST_DIE = 3000;

/** The event of the end, around the place of the exit code's digits. */
export function diedAround(record: ContainerRecord): { readonly before: string; readonly after: string } {
  let text = JSON.stringify(containerEvent(record, "die", { exitCode: "\0" }));
  if (text.length > LONGEST_DIE) {
    const { labels: _labels, ...options } = record.options;
    text = JSON.stringify(containerEvent({ ...record, options }, "die", { exitCode: "\0" }));
  }
  const mark = "\\u0000";
  const at = text.lastIndexOf(`"exitCode":"${mark}"`) + '"exitCode":"'.length;
  return { before: text.slice(0, at), after: text.slice(at + mark.length) };
}
