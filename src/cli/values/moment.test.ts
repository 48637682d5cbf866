import { expect, test } from "bun:test";
import { parseMoment } from "./moment.ts";

const BILLION = 1_000_000_000n;

test.each([
  ["1700000000", 1_700_000_000n * BILLION],
  ["1700000000.5", 1_700_000_000n * BILLION + 500_000_000n],
  ["1700000000.000000001", 1_700_000_000n * BILLION + 1n],
  ["2023-11-14T22:13:20Z", 1_700_000_000n * BILLION],
  ["2023-11-14T22:13:20.123456789Z", 1_700_000_000n * BILLION + 123_456_789n],
  ["2023-11-15T00:13:20+02:00", 1_700_000_000n * BILLION],
  ["2023-11-14T22:13Z", 1_699_999_980n * BILLION],
  ["42m", (5_000_000n - 2_520_000n) * 1_000_000n],
  ["1h30m", (5_000_000n - 5_400_000n) * 1_000_000n],
])("%s", (text, nanoseconds) => expect(parseMoment("since", text, 5_000_000)).toBe(nanoseconds));

test("without a zone it is this machine's", () => {
  const local = BigInt(new Date(2023, 10, 14, 22, 13, 20).getTime()) * 1_000_000n;
  expect(parseMoment("since", "2023-11-14T22:13:20")).toBe(local);
  expect(parseMoment("since", "2023-11-14")).toBe(BigInt(new Date(2023, 10, 14).getTime()) * 1_000_000n);
});

test.each(["yesterday", "", "2023-13-01", "12:00", "5 m"])("%j is no moment", (text) =>
  expect(() => parseMoment("since", text)).toThrow("for --since"),
);
