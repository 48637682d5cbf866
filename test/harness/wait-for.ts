/**
 * Waits until `condition` gives something true, and returns it. Looks again every 10 ms.
 *
 * Throws after `timeout` milliseconds (5,000 unless given), naming what was waited for.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeout = 5000,
): Promise<Exclude<T, undefined | null | false | "" | 0>> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, undefined | null | false | "" | 0>;
    if (performance.now() > deadline) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
