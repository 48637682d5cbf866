import { expect, test } from "bun:test";
import { ago, binarySize, ellipsis, goTime, humanDuration, humanSize, imageSize, shortId } from "./units.ts";

test("sizes", () => {
  expect([0, 999, 1000, 1234567, 999_950_000, 2.746e9].map(humanSize)).toEqual([
    "0B",
    "999B",
    "1kB",
    "1.235MB",
    "1GB",
    "2.746GB",
  ]);
  expect([4_262_000, 77_800_000, 999_600_000, 127].map(imageSize)).toEqual([
    "4.26MB",
    "77.8MB",
    "1GB",
    "127B",
  ]);
  expect([1024, 1536, 2 ** 31 - 1, 0].map(binarySize)).toEqual(["1KiB", "1.5KiB", "2GiB", "0B"]);
});

test("spans of time", () => {
  const second = 1000;
  const hour = 3600 * second;
  const day = 24 * hour;
  const spans: [number, string][] = [
    [450, "Less than a second"],
    [47 * second, "47 seconds"],
    [second, "1 second"],
    [60 * second, "About a minute"],
    [35 * 60 * second, "35 minutes"],
    [hour, "About an hour"],
    [1.6 * hour, "2 hours"],
    [24 * hour, "24 hours"],
    [3 * day, "3 days"],
    [14 * day, "2 weeks"],
    [60 * day, "2 months"],
    [23.4 * 30 * day, "23 months"],
    [731 * day, "2 years"],
  ];
  for (const [span, words] of spans) expect(humanDuration(span)).toBe(words);
  expect(ago("2024-05-01T10:00:00Z", Date.parse("2024-05-01T10:02:00.5Z"))).toBe("2 minutes ago");
  expect(ago(undefined)).toBe("N/A");
});

test("ids, moments and long texts", () => {
  expect(shortId(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("0123456789ab");
  expect(ellipsis("abcdef", 6)).toBe("abcdef");
  expect(ellipsis("abcdefg", 6)).toBe("abcde…");
  expect(goTime("2024-05-01T10:00:00.5Z")).toMatch(/^2024-0[45]-[0-9]{2} [0-9:]{8} [+-][0-9]{4} \S+$/);
});
