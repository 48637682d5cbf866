import { filterImages, findByNameOrId, type ImageStore, madeAt, type StoredImage } from "../image/index.ts";
import { type Filters, switchFilter } from "./values/filter.ts";
import { parseMoment } from "./values/moment.ts";

/** Filters of `husk images`. */
export const LIST_FILTERS = ["before", "dangling", "label", "label!", "reference", "since", "until"];

/** Filters of `husk image prune`. */
export const PRUNE_FILTERS = ["dangling", "label", "label!", "until"];

/** The images that filters of the command line let through. */
export function chooseImages(
  store: ImageStore,
  images: readonly StoredImage[],
  filters: Filters,
  names: readonly string[] = [],
): StoredImage[] {
  const dangling = switchFilter(filters, "dangling");
  const moments = (key: string): number[] =>
    (filters.get(key) ?? []).map((text) => madeAt(findByNameOrId(store, text)));
  const until = (filters.get("until") ?? []).map((text) =>
    Number(parseMoment("filter until", text) / 1_000_000n),
  );
  const before = [...moments("before"), ...until];
  const since = moments("since");
  return filterImages(images, {
    ...(dangling === undefined ? {} : { dangling }),
    ...(before.length === 0 ? {} : { before: Math.min(...before) }),
    ...(since.length === 0 ? {} : { since: Math.max(...since) }),
    labels: filters.get("label") ?? [],
    withoutLabels: filters.get("label!") ?? [],
    names: [...names, ...(filters.get("reference") ?? [])],
  });
}
