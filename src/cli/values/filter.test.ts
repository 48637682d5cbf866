import { describe, expect, test } from "bun:test";
import { labelsMatch, parseFilters, switchFilter } from "./filter.ts";

const known = ["label", "label!", "dangling"];

describe("filters", () => {
  test("values of one key come together", () => {
    expect([...parseFilters(["label=a", "Label = b=c "], known)]).toEqual([["label", ["a", "b=c"]]]);
  });

  test("an empty one asks for nothing", () => expect(parseFilters([""], known).size).toBe(0));

  test.each(["label", "=x", "color=red"])("%s is refused", (text) => {
    expect(() => parseFilters([text], known)).toThrow(/filter/);
  });

  test("labels: all that is asked for, nothing that is excluded", () => {
    const labels = { a: "", tier: "db" };
    const match = (...texts: string[]): boolean => labelsMatch(parseFilters(texts, known), labels);
    expect(match()).toBe(true);
    expect(match("label=a", "label=tier=db")).toBe(true);
    expect(match("label=tier=web")).toBe(false);
    expect(match("label!=a")).toBe(false);
    expect(match("label!=tier=web")).toBe(true);
  });

  test("switches", () => {
    expect(switchFilter(parseFilters(["dangling=TRUE"], known), "dangling")).toBe(true);
    expect(switchFilter(parseFilters(["dangling=0"], known), "dangling")).toBe(false);
    expect(switchFilter(parseFilters([], known), "dangling")).toBeUndefined();
    expect(() => switchFilter(parseFilters(["dangling=maybe"], known), "dangling")).toThrow(/dangling=maybe/);
  });
});
