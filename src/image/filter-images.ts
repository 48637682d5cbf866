import { HuskError } from "../platform/error.ts";
import type { StoredImage } from "./images.ts";
import { familiarName, familiarReference, parseReference } from "./reference.ts";

/** Which images of a list are meant; what is absent does not matter. */
export interface ImageFilter {
  /** Only images without a name, or only those with one. */
  readonly dangling?: boolean;
  /** `key` or `key=value`: all of them. */
  readonly labels?: readonly string[];
  /** None of these. */
  readonly withoutLabels?: readonly string[];
  /** Made before or after this moment, in milliseconds since 1970. */
  readonly before?: number;
  readonly since?: number;
  /** Patterns of names as {@link matchesName} reads them: one of them. Of an image only the names that fit remain. */
  readonly names?: readonly string[];
}

/** The images that a filter lets through, in their order. */
export function filterImages(images: readonly StoredImage[], filter: ImageFilter): StoredImage[] {
  const found: StoredImage[] = [];
  for (const image of images) {
    const { names } = image;
    if (filter.dangling !== undefined && (names.length === 0) !== filter.dangling) continue;
    const labels = image.config.config?.Labels ?? {};
    const hasLabel = (wanted: string): boolean => {
      const equals = wanted.indexOf("=");
      const key = equals < 0 ? wanted : wanted.slice(0, equals);
      return Object.hasOwn(labels, key) && (equals < 0 || labels[key] === wanted.slice(equals + 1));
    };
    if (filter.labels?.every(hasLabel) === false || filter.withoutLabels?.some(hasLabel) === true) continue;
    const made = madeAt(image);
    if (filter.before !== undefined && made >= filter.before) continue;
    if (filter.since !== undefined && made <= filter.since) continue;
    const { names: patterns = [] } = filter;
    const kept =
      patterns.length === 0
        ? names
        : names.filter((name) => patterns.some((pattern) => matchesName(pattern, name)));
    if (patterns.length > 0 && kept.length === 0) continue;
    found.push(kept.length === names.length ? image : { ...image, names: kept });
  }
  return found;
}

/** When an image was made, in milliseconds since 1970; 0 if it does not say. */
export function madeAt({ config }: Pick<StoredImage, "config">): number {
  return Date.parse(config.created ?? "") || 0;
}

/**
 * Whether a pattern fits a whole name: `debian`, `debian:12`, `team/*`, `*:latest`, in the familiar form that docker's
 * lists show. `*` and `?` do not stand for a slash, `[a-c]` for one character (Go's path.Match).
 *
 * @throws HuskError "invalid" for a pattern that is none
 */
export function matchesName(pattern: string, name: string): boolean {
  const reference = parseReference(name);
  const glob = globPattern(pattern);
  if (glob.test(familiarReference(reference)) || glob.test(familiarName(reference))) return true;
  // What the pattern says in whole form (docker.io/library/…) is another spelling of the same.
  return pattern === name || pattern === `${reference.registry}/${reference.repository}`;
}

function globPattern(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const one = pattern[i] as string;
    if (one === "*") source += "[^/]*";
    else if (one === "?") source += "[^/]";
    else if (one === "[") {
      const end = pattern.indexOf("]", i + 2);
      if (end < 0)
        throw new HuskError(
          "invalid",
          `${JSON.stringify(pattern)} is no pattern of names: a [ is not closed`,
          {
            hint: "as in team/app:[0-9]*",
          },
        );
      source += `[${pattern.slice(i + 1, end).replaceAll("\\", "\\\\")}]`;
      i = end;
    } else source += one.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  return new RegExp(`^${source}$`);
}
