import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { composeMap } from "./unshare-options.ts";

const block = { containerID: 0, hostID: 100_000, size: 65_536 };

test("one id stands alone, a block alone too", () => {
  expect(composeMap(1000, 0, undefined)).toEqual([{ containerID: 0, hostID: 1000, size: 1 }]);
  expect(composeMap(1000, undefined, block)).toEqual([block]);
  expect(composeMap(1000, undefined, undefined)).toEqual([]);
});

test("the own id makes a hole in the block, as unshare(1) does it", () => {
  expect(composeMap(1000, 0, block)).toEqual([
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100_000, size: 65_535 },
  ]);
  expect(composeMap(1000, 5, block)).toEqual([
    { containerID: 5, hostID: 1000, size: 1 },
    { containerID: 0, hostID: 100_000, size: 5 },
    { containerID: 6, hostID: 100_005, size: 65_530 },
  ]);
});

test("no id inside or outside is mapped twice, and the block is never left", () => {
  const small = fc.integer({ min: 0, max: 40 });
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 30 }), (inside, first, size) => {
      const map = composeMap(1000, inside, { containerID: first, hostID: 5000, size });
      const ids = map.flatMap((m) =>
        Array.from({ length: m.size }, (_, i) => [m.containerID + i, m.hostID + i]),
      );
      expect(new Set(ids.map(([id]) => id)).size).toBe(ids.length);
      expect(new Set(ids.map(([, host]) => host)).size).toBe(ids.length);
      for (const [, host = 0] of ids)
        expect(host === 1000 || (host >= 5000 && host < 5000 + size)).toBe(true);
    }),
  );
});
