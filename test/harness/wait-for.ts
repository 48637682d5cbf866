/**
 * Waits until `condition` gives something true, and returns it. Looks again every 10 ms.
 *
 * Throws after `timeout` milliseconds (20,000 unless given: as long as it may take on a machine that has much else to
 * do), naming what was waited for.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeout = 20_000,
): Promise<Exclude<T, undefined | null | false | "" | 0>> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, undefined | null | false | "" | 0>;
    if (performance.now() > deadline) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
