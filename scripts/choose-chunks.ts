/** What one start of husk loads: names of targets, which are files that are imported later; and how much it matters. */
export interface Start {
  readonly loads: readonly string[];
  readonly weight: number;
}

/** Files that the same targets load. */
interface Part {
  readonly files: readonly string[];
  readonly bytes: number;
  /** Places in the list of parts that its files cannot do without, its own among them. */
  readonly needs: readonly number[];
}

/** Microseconds for a chunk, however small, and for a kilobyte of code that is loaded and not run. */
const CHUNK = 25;
const KILOBYTE = 3;

/**
 * Divides what targets load into chunks so that the starts cost least: files that the same targets load belong
 * together, and two such chunks are made one as long as a chunk less saves more than the code costs that a start has no
 * use for. Whoever loads a chunk loads all that it needs, so chunks never need each other in a circle.
 *
 * @param targets what each target loads, itself included
 * @param reached what a file loads, itself included
 * @returns chunks, each behind all that it needs
 */
export function chooseChunks(
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  reached: (file: string) => ReadonlySet<string>,
  bytes: (file: string) => number,
  starts: readonly Start[],
): ReadonlySet<string>[] {
  const names = [...targets.keys()];
  const { parts, loaders: first } = partsOf(targets, reached, bytes);
  const cost = costOf(
    parts,
    starts.map(({ loads, weight }) => ({ mask: maskOf(names, (name) => loads.includes(name)), weight })),
  );
  let loaders = first;
  for (let least = cost(loaders); ; ) {
    const now = loaders;
    const seen = [...new Set(now)];
    for (const [i, one] of seen.entries()) {
      for (const other of seen.slice(i + 1)) {
        const joined = join(parts, now, one, other);
        const price = cost(joined);
        if (price >= least) continue;
        least = price;
        loaders = joined;
      }
    }
    if (loaders === now) break;
  }
  const chunks = new Map<bigint, Set<string>>(loaders.map((mask) => [mask, new Set<string>()]));
  for (const [at, { files }] of parts.entries())
    for (const file of files) chunks.get(loaders[at] as bigint)?.add(file);
  return [...chunks].toSorted(([one], [other]) => count(other) - count(one)).map(([, files]) => files);
}

/** The smallest chunks there can be, and what loads each: a bit for each target. */
function partsOf(
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  reached: (file: string) => ReadonlySet<string>,
  bytes: (file: string) => number,
): { parts: Part[]; loaders: bigint[] } {
  const sets = [...targets.values()];
  const byLoaders = Map.groupBy(new Set(sets.flatMap((files) => [...files])), (file) =>
    maskOf(sets, (files) => files.has(file)),
  );
  const lists = [...byLoaders.values()];
  const place = new Map(lists.flatMap((files, at) => files.map((file) => [file, at] as const)));
  const parts = lists.map((files) => ({
    files,
    bytes: files.reduce((sum, file) => sum + bytes(file), 0),
    needs: [
      ...new Set(files.flatMap((file) => [...reached(file)].flatMap((other) => place.get(other) ?? []))),
    ],
  }));
  return { parts, loaders: [...byLoaders.keys()] };
}

/** What loads one of two chunks loads both, and all that they need. */
function join(parts: readonly Part[], loaders: readonly bigint[], one: bigint, other: bigint): bigint[] {
  const joined = [...loaders];
  for (const [at, { needs }] of parts.entries()) {
    if (loaders[at] !== one && loaders[at] !== other) continue;
    for (const need of needs) joined[need] = (joined[need] as bigint) | one | other;
  }
  return joined;
}

/** Microseconds of all starts, by what loads the parts: those with the same loaders are one chunk. */
function costOf(
  parts: readonly Part[],
  starts: readonly { readonly mask: bigint; readonly weight: number }[],
): (loaders: readonly bigint[]) => number {
  const weights = new Map<bigint, number>();
  const weightOf = (mask: bigint): number => {
    let weight = weights.get(mask);
    if (weight === undefined) {
      weight = starts.reduce((sum, start) => sum + ((start.mask & mask) === 0n ? 0 : start.weight), 0);
      weights.set(mask, weight);
    }
    return weight;
  };
  return (loaders) => {
    let cost = 0;
    for (const mask of new Set(loaders)) cost += CHUNK * weightOf(mask);
    for (const [at, { bytes }] of parts.entries())
      cost += (KILOBYTE * bytes * weightOf(loaders[at] as bigint)) / 1024;
    return cost;
  };
}

function maskOf<T>(list: readonly T[], holds: (one: T) => boolean): bigint {
  return list.reduce((mask, one, at) => (holds(one) ? mask | (1n << BigInt(at)) : mask), 0n);
}

function count(mask: bigint): number {
  return mask.toString(2).replaceAll("0", "").length;
}
