import { type ContainerRecord, imageName } from "../../engine/container/record.ts";
import type { ContainerSummary } from "../../engine/container/state.ts";
import { HuskError } from "../../platform/error.ts";
import { type Filters, labelsMatch } from "../values/filter.ts";
import { refusedValue } from "../values/invalid.ts";
import { mountNames } from "./row.ts";

/** What `ps --filter` knows; docker's `isolation` is Windows'. */
export const CONTAINER_FILTERS = [
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
] as const;

const STATUSES = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];
const HEALTHS = ["starting", "healthy", "unhealthy", "none"];

/** What filters ask about that a container itself does not tell. */
export interface FilterFacts {
  /** When a container was created, by what somebody calls it. */
  createdAt(name: string): number;
  /** The diff ids of an image's layers, the lowest first; undefined: there is no such image here. */
  imageLayers(name: string): readonly string[] | undefined;
}

/**
 * Whether a container is wanted: of one kind of filter any value may hold (of labels all), of different kinds all.
 *
 * @throws HuskError "invalid" for a value that can never hold; what {@link FilterFacts} throw
 */
export function containerFilter(
  filters: Filters,
  facts: FilterFacts,
): (container: ContainerSummary) => boolean {
  checkChoice(filters, "status", STATUSES);
  checkChoice(filters, "health", HEALTHS);
  checkChoice(filters, "is-task", ["true", "false"]);
  const moment = (key: string): number | undefined => {
    const name = filters.get(key)?.at(-1);
    return name === undefined ? undefined : facts.createdAt(name);
  };
  const [before, since] = [moment("before"), moment("since")];
  const tests: ((container: ContainerSummary) => boolean)[] = [];
  const any = (key: string, test: (value: string, container: ContainerSummary) => boolean): void => {
    const values = filters.get(key);
    if (values !== undefined) tests.push((container) => values.some((value) => test(value, container)));
  };
  any("id", (value, { record }) => matches(value, record.id));
  any("name", (value, { record }) => matches(value, record.name) || matches(value, `/${record.name}`));
  any("status", (value, { status }) => value === status);
  any("health", (value, { health = "none" }) => value === health);
  const exits = filters.get("exited")?.map(exitStatus);
  if (exits !== undefined)
    tests.push(({ status, exitCode }) => status === "exited" && exits.includes(exitCode));
  any("is-task", (value) => value === "false");
  any("network", (value, { record }) => value === (record.options.network ?? "none"));
  any("volume", (value, { record }) => hasMount(record, value));
  for (const key of ["publish", "expose"]) {
    for (const value of filters.get(key) ?? []) checkPortRange(key, value);
    any(key, () => false);
  }
  const images = (filters.get("ancestor") ?? []).map((name) => ({ name, layers: facts.imageLayers(name) }));
  if (images.length > 0)
    tests.push(({ record }) => images.some(({ name, layers }) => isMadeOf(record, name, layers)));
  if (before !== undefined) tests.push(({ record }) => record.created < before);
  if (since !== undefined) tests.push(({ record }) => record.created > since);
  if (filters.has("label")) tests.push(({ record }) => labelsMatch(filters, record.options.labels ?? {}));
  return (container) => tests.every((test) => test(container));
}

function checkChoice(filters: Filters, key: string, choices: readonly string[]): void {
  for (const value of filters.get(key) ?? [])
    if (!choices.includes(value)) throw refusedValue("filter", `${key}=${value}`, choices.join(", "));
}

function exitStatus(value: string): number {
  const status = Number(value);
  if (value !== "" && Number.isInteger(status)) return status;
  throw refusedValue("filter", `exited=${value}`, "an exit status");
}

/** As docker: the text itself, or what it matches as a regular expression. */
function matches(pattern: string, text: string): boolean {
  if (pattern === text) return true;
  try {
    return new RegExp(pattern).test(text);
  } catch (cause) {
    throw new HuskError("invalid", `invalid filter: ${(cause as Error).message}`, { cause });
  }
}

function hasMount(record: ContainerRecord, wanted: string): boolean {
  if (mountNames(record).includes(wanted)) return true;
  return (record.options.mounts ?? []).some(({ target }) => target === wanted);
}

/** `80`, `80/udp`, `8000-8080/tcp`. */
function checkPortRange(key: string, value: string): void {
  const parts = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value);
  const [from, to] = [Number(parts?.[1]), Number(parts?.[2] ?? parts?.[1])];
  if (parts !== null && from <= to && to <= 65_535) return;
  throw refusedValue("filter", `${key}=${value}`, "a port, port/proto, or a range of ports");
}

/** A container of an image, or of one that was made from it. */
function isMadeOf(
  { source }: ContainerRecord,
  wanted: string,
  layers: readonly string[] | undefined,
): boolean {
  if (source.kind !== "image") return imageName(source) === wanted;
  const digits = wanted.startsWith("sha256:") ? wanted.slice("sha256:".length) : wanted;
  if (/^[0-9a-f]{4,64}$/.test(digits) && source.id.startsWith(`sha256:${digits}`)) return true;
  if (source.name === wanted) return true;
  return layers !== undefined && layers.every((layer, i) => source.layers[i] === layer);
}
