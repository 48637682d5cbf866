import { HuskError } from "../../platform/error.ts";
import { parsePlatform } from "../platform.ts";
import { digestOf } from "../store/index.ts";
import type { Platform } from "../oci.ts";

/** What a system is made of: equal recipes have an equal place in the cache. */
export interface Recipe {
  readonly distribution: string;
  readonly suite: string;
  /** minbase: what has to be there; buildd: with a compiler; standard: with what is usual. */
  readonly variant: Variant;
  /** As Debian names it: `amd64`, `i386`, `arm64`. */
  readonly architecture: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly components: readonly string[];
  /** Absent: the tool's own for the suite. */
  readonly mirror?: string;
  /** Absolute path of a keyring; absent: the tool's own. */
  readonly keyring?: string;
}

export const VARIANTS = ["minbase", "buildd", "standard"] as const;
export type Variant = (typeof VARIANTS)[number];

const versions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  debian: {
    "8": "jessie",
    "9": "stretch",
    "10": "buster",
    "11": "bullseye",
    "12": "bookworm",
    "13": "trixie",
    "14": "forky",
    "": "stable",
    latest: "stable",
  },
  ubuntu: {
    "14.04": "trusty",
    "16.04": "xenial",
    "18.04": "bionic",
    "20.04": "focal",
    "22.04": "jammy",
    "24.04": "noble",
    "26.04": "resolute",
    "": "noble",
    latest: "noble",
  },
};

const suites: Readonly<Record<string, readonly string[]>> = {
  debian: ["wheezy", "oldoldstable", "oldstable", "stable", "testing", "unstable", "sid", "experimental"],
  ubuntu: ["lucid", "precise", "lunar", "mantic", "oracular", "plucky", "questing"],
};

/**
 * Reads what system is wanted: `debian:bookworm`, `debian:12`, `ubuntu:jammy`, or a suite alone.
 *
 * @throws HuskError "invalid" for a suite whose distribution has to be said, or that belongs to another one
 */
export function parseSystem(text: string): Pick<Recipe, "distribution" | "suite"> {
  const match = /^(?:([a-z][a-z0-9-]*)(?::|$))?([a-z0-9][a-z0-9.-]*)?$/.exec(text);
  const hint = "name a distribution and a suite of it, such as debian:bookworm or ubuntu:jammy";
  if (match === null) throw new HuskError("invalid", `${JSON.stringify(text)} is no system`, { hint });
  const [, first = "", second = ""] = match;
  if (first in versions) {
    const suite = versions[first]?.[second] ?? second;
    const owner = distributionOf(suite);
    if (owner !== undefined && owner !== first)
      throw new HuskError("invalid", `${text}: ${suite} is a suite of ${owner}`, {
        hint: `husk image bootstrap ${owner}:${suite}`,
      });
    return { distribution: first, suite };
  }
  if (text.includes(":")) return { distribution: first, suite: second };
  const distribution = distributionOf(text);
  if (distribution === undefined)
    throw new HuskError("invalid", `${text}: of which distribution is this suite?`, { hint });
  return { distribution, suite: text };
}

function distributionOf(suite: string): string | undefined {
  for (const [name, known] of Object.entries(versions))
    if (Object.values(known).includes(suite) || suites[name]?.includes(suite)) return name;
  return undefined;
}

/** The name of the image where none is given: `debian:bookworm`, `debian:bookworm-buildd-i386`. */
export function usualName(recipe: Recipe, own: string): string {
  const { distribution, suite, variant, architecture } = recipe;
  const parts = [suite];
  if (variant !== "minbase") parts.push(variant);
  if (architecture !== own) parts.push(architecture);
  return `${distribution}:${parts.join("-")}`;
}

/** Names a recipe; the same for equal ones, in whatever order their packages stand. */
export function recipeDigest(recipe: Recipe): string {
  const sorted = (list: readonly string[]): string[] => [...new Set(list)].toSorted();
  const { distribution, suite, variant, architecture, mirror = "", keyring = "" } = recipe;
  const rest = [sorted(recipe.include), sorted(recipe.exclude), [...recipe.components]];
  return digestOf(
    Buffer.from(JSON.stringify([distribution, suite, variant, architecture, ...rest, mirror, keyring])),
  );
}

/** What a person would type to make it. */
export function recipeWords(recipe: Recipe): string {
  const { distribution, suite, variant, architecture, include, exclude, components, mirror } = recipe;
  const words = [
    `husk image bootstrap ${distribution}:${suite}`,
    `--variant ${variant}`,
    `--arch ${architecture}`,
  ];
  for (const [option, list] of [
    ["include", include],
    ["exclude", exclude],
    ["components", components],
  ] as const)
    if (list.length > 0) words.push(`--${option} ${[...new Set(list)].toSorted().join(",")}`);
  if (mirror !== undefined) words.push(`--mirror ${mirror}`);
  return words.join(" ");
}

const debianNames: Readonly<Record<string, string>> = {
  "386": "i386",
  "arm/v7": "armhf",
  "arm/v6": "armel",
  ppc64le: "ppc64el",
  mips64le: "mips64el",
};

/** Debian's name of a processor, from Debian's, Go's or uname's. */
export function debianArchitecture(text: string): string {
  const { architecture, variant } = parsePlatform(text.includes("/") ? text : `linux/${text}`);
  return debianNames[variant === undefined ? architecture : `${architecture}/${variant}`] ?? architecture;
}

/** The platform of an image for a processor in Debian's name. */
export function platformOf(architecture: string): Platform {
  return parsePlatform(`linux/${architecture}`);
}
