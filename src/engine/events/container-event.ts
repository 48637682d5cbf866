import { utf8 } from "../../platform/utf8.ts";
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
function containerEvent(
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

/** What a keeper has room for on either side of the exit code (native/keeper.h, EVENT_TEXT). */
const MOST_BYTES = 2000;
const CODE = JSON.stringify("\0").slice(1, -1);

/**
 * The event of the end, around the place of the exit code's digits. Where a keeper has too little room for it, the
 * container's labels are missing, and what it is made of, if that is a long path.
 */
export function diedAround(record: ContainerRecord): { readonly before: string; readonly after: string } {
  const event = containerEvent(record, "die", { exitCode: "\0" });
  const { ID, Attributes } = event.Actor;
  const { exitCode = "", image = "", name = "" } = Attributes;
  const shorter: Readonly<Record<string, string>>[] = [
    Attributes,
    { exitCode, image, name },
    { exitCode, name },
  ];
  for (const attributes of shorter) {
    const text = JSON.stringify({ ...event, Actor: { ID, Attributes: attributes } });
    const at = text.lastIndexOf(`"exitCode":"${CODE}"`) + '"exitCode":"'.length;
    const around = { before: text.slice(0, at), after: text.slice(at + CODE.length) };
    if (bytesOf(around.before) <= MOST_BYTES && bytesOf(around.after) <= MOST_BYTES) return around;
  }
  throw new Error(`the name ${name} is too long for an event`);
}

function bytesOf(text: string): number {
  return utf8.encode(text).length;
}
