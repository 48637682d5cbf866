import { type EngineEvent, readEvents } from "../../engine/events/read-events.ts";
import { openFolders } from "../../engine/folders.ts";
import { ByteOutput } from "../byte-output.ts";
import { lifeArguments } from "../each-container.ts";
import { eventFilter } from "../event-filter.ts";
import { layOutList, localNanoTime } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine } from "../stderr.ts";
import { parseMoment } from "../values/moment.ts";
import { printHelp } from "../print-help.ts";

/** `husk events`: what happens, a line each. */
export async function events(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("events", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["events"]);
  const moment = (flag: string): bigint | undefined => {
    const text = given.text(flag);
    return text === undefined || text === "" ? undefined : parseMoment(flag, text);
  };
  const wanted = eventFilter(given.list("filter"));
  const format = given.text("format");
  const line = format === undefined || format === "" ? plainLine : templateLine(format);
  const folders = openFolders(homeOf(globals).folders);
  const output = new ByteOutput();
  for await (const event of readEvents(folders, { since: moment("since"), until: moment("until") })) {
    if (!wanted(event)) continue;
    output.write(1, new TextEncoder().encode(`${line(event)}\n`));
    output.flush();
  }
  return 0;
}

/** `2026-01-02T10:00:00.000000000+01:00 container create ID (image=…, name=…)`: docker's own line. */
function plainLine({ time, Type, Action, Actor }: EngineEvent): string {
  const names = Object.keys(Actor.Attributes).toSorted();
  const attributes = names.map((name) => `${name}=${Actor.Attributes[name]}`).join(", ");
  const about = attributes === "" ? "" : ` (${attributes})`;
  return oneLine(`${localNanoTime(time)} ${Type} ${Action} ${Actor.ID}${about}`);
}

function templateLine(format: string): (event: EngineEvent) => string {
  const layout = layOutList({ type: "event", titles: {}, table: "{{json .}}" }, format);
  return (event) => (format === "json" ? JSON.stringify(message(event)) : layout.line(message(event)));
}

/** docker's message of an event: the older fields first. */
function message({ time, Type, Action, Actor }: EngineEvent): Record<string, unknown> {
  const from = Actor.Attributes["image"];
  return {
    ...(Type === "container" || Type === "image" ? { status: Action, id: Actor.ID } : {}),
    ...(Type === "container" && from !== undefined ? { from } : {}),
    Type,
    Action,
    Actor,
    scope: "local",
    time: Number(time / 1_000_000_000n),
    timeNano: Number(time),
  };
}
