import type { EngineEvent } from "../engine/events/read-events.ts";
import { labelsMatch, parseFilters } from "./values/filter.ts";

const KEYS = [
  "container",
  "daemon",
  "event",
  "image",
  "label",
  "network",
  "plugin",
  "scope",
  "type",
  "volume",
];

/**
 * What `husk events --filter` lets through: of one key any value may match, of different keys all have to (docker).
 *
 * @throws HuskError "invalid" for an unknown key
 */
export function eventFilter(texts: readonly string[]): (event: EngineEvent) => boolean {
  const filters = parseFilters(texts, KEYS);
  const any = (key: string, matches: (value: string) => boolean): boolean => {
    const values = filters.get(key);
    return values === undefined || values.some(matches);
  };
  return ({ Type, Action, Actor: { ID, Attributes } }) => {
    const isA =
      (type: string) =>
      (value: string): boolean =>
        Type === type && (ID === value || ID.startsWith(value) || Attributes["name"] === value);
    return (
      any("type", (value) => value === Type) &&
      // `health_status: healthy` is found by what stands before the colon, too.
      any("event", (value) => value === Action || Action.startsWith(`${value}:`)) &&
      any("scope", (value) => value === "local") &&
      any("container", isA("container")) &&
      any("volume", isA("volume")) &&
      any("network", isA("network")) &&
      any("plugin", isA("plugin")) &&
      any("daemon", isA("daemon")) &&
      any("image", (value) =>
        isImage(value, Type === "image" ? [ID, Attributes["name"]] : [Attributes["image"]]),
      ) &&
      labelsMatch(filters, Attributes)
    );
  };
}

/** An image's name counts with and without its tag. */
function isImage(wanted: string, names: readonly (string | undefined)[]): boolean {
  return names.some((name) => name === wanted || name?.replace(/:[^/:]*$/, "") === wanted);
}
