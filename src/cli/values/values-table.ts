import { describe, expect, test } from "bun:test";
import { errorLine } from "../report-error.ts";

/** Each value with what it means, or with a piece of the line that refuses it. */
export function table<T>(
  name: string,
  parse: (value: string) => T,
  good: [string, unknown][],
  bad: string[],
): void {
  describe(name, () => {
    test.each(good)("%j", (value, expected) => {
      expect(parse(value)).toEqual(expected as T);
    });
    test.each(bad)("refuses %j", (value) => {
      let line = "accepted";
      try {
        parse(value);
      } catch (error) {
        line = errorLine(error);
      }
      expect(line).toContain(`--flag`);
      expect(line).toContain(" — ");
    });
  });
}
