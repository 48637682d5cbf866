import { HuskError } from "../platform/error.ts";
import type { Descriptor, Index, Platform } from "./oci.ts";

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  i386: "386",
  i686: "386",
  ia32: "386",
  armhf: "arm",
  armel: "arm",
  ppc64el: "ppc64le",
};

/** What this machine runs. */
export function hostPlatform(): Platform {
  return normalize({ os: "linux", architecture: process.arch });
}

/**
 * Reads `os/architecture[/variant]`, `architecture` or `os`, in Go's names or uname's.
 *
 * @throws HuskError "invalid"
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part)))
    throw new HuskError("invalid", `${JSON.stringify(text)} is no platform`, {
      hint: "a platform is os/architecture[/variant], such as linux/amd64 or linux/arm/v7",
    });
  const [first = "", second, variant] = parts;
  if (second === undefined) {
    if (first === "linux" || first === "windows") return { ...hostPlatform(), os: first };
    return normalize({ os: "linux", architecture: first });
  }
  return normalize({ os: first, architecture: second, ...(variant === undefined ? {} : { variant }) });
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined || variant === "" ? "" : `/${variant}`}`;
}

/** One name for each: amd64 has no variant 1, arm64's first is v8, and arm's usual one v7 (containerd/platforms). */
function normalize(platform: Platform): Platform {
  const architecture = architectures[platform.architecture] ?? platform.architecture;
  let { variant } = platform;
  if (platform.architecture === "armel") variant ??= "v6";
  if (variant !== undefined && /^[0-9]+$/.test(variant)) variant = `v${variant}`;
  if (architecture === "arm64" && (variant === "v8" || variant === "")) variant = undefined;
  if (architecture === "amd64" && (variant === "v1" || variant === "")) variant = undefined;
  if (architecture === "arm") variant ||= "v7";
  const { variant: _old, ...rest } = platform;
  return { ...rest, architecture, ...(variant === undefined ? {} : { variant }) };
}

/**
 * How well an image for `offered` runs where `wanted` is asked for: 0 not at all, and more for what is nearer. A later
 * variant runs what is built for earlier ones; amd64 does not run 386 unless that is asked for.
 */
export function fitness(wanted: Platform, offered: Platform): number {
  const [want, offer] = [normalize(wanted), normalize(offered)];
  if (want.os !== offer.os || want.architecture !== offer.architecture) return 0;
  const level = (variant: string | undefined): number =>
    Number(/^v([0-9]+)/.exec(variant ?? "v0")?.[1] ?? Number.NaN);
  if ((want.variant ?? "") === (offer.variant ?? "")) return 100;
  const [wantLevel, offerLevel] = [level(want.variant), level(offer.variant)];
  if (want.architecture === "arm64" && want.variant === undefined) return offerLevel <= 8 ? 50 : 0;
  return offerLevel <= wantLevel ? 10 + offerLevel : 0;
}

/** The manifest that fits best, of equals the first; undefined: there is none for this platform. */
export function bestPlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  let best: Descriptor | undefined;
  let bestFitness = 0;
  for (const descriptor of manifests) {
    const { platform } = descriptor;
    // What has no platform is taken only where nothing says more; attestations say "unknown".
    const value = platform === undefined ? 1 : fitness(wanted, platform);
    if (value > bestFitness) [best, bestFitness] = [descriptor, value];
  }
  return best;
}

/**
 * The manifest of an index that fits best.
 *
 * @throws HuskError "not-found" naming the platforms there are
 */
export function choosePlatform({ manifests }: Index, wanted: Platform, about: string): Descriptor {
  const best = bestPlatform(manifests, wanted);
  if (best !== undefined) return best;
  const offered = manifests
    .flatMap(({ platform }) =>
      platform === undefined || platform.os === "unknown" ? [] : [formatPlatform(platform)],
    )
    .join(", ");
  throw new HuskError("not-found", `${about} is not there for ${formatPlatform(wanted)}`, {
    hint:
      offered === ""
        ? "it has no image for any platform"
        : `it is there for ${offered}: choose with --platform`,
  });
}
