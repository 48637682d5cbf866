import { expect, test } from "bun:test";
import { filterImages, type ImageFilter, matchesName } from "./filter-images.ts";
import type { StoredImage } from "./images.ts";

function image(
  id: string,
  names: string[],
  created: string,
  labels: Record<string, string> = {},
): StoredImage {
  return {
    id,
    names,
    config: { created, os: "linux", architecture: "amd64", config: { Labels: labels } },
  } as unknown as StoredImage;
}

const images = [
  image("old", ["docker.io/library/debian:11", "localhost:5000/team/app:1"], "2020-01-01T00:00:00Z", {
    a: "1",
  }),
  image("new", ["docker.io/library/debian:12"], "2024-01-01T00:00:00Z", { a: "2", b: "" }),
  image("none", [], "2022-01-01T00:00:00Z"),
];

test.each<[ImageFilter, string[]]>([
  [{}, ["old", "new", "none"]],
  [{ dangling: true }, ["none"]],
  [{ dangling: false }, ["old", "new"]],
  [{ labels: ["a"] }, ["old", "new"]],
  [{ labels: ["a=2", "b"] }, ["new"]],
  [{ labels: ["b=x"] }, []],
  [{ withoutLabels: ["b"] }, ["old", "none"]],
  [{ withoutLabels: ["a=1"] }, ["new", "none"]],
  [{ before: Date.parse("2022-01-01") }, ["old"]],
  [{ since: Date.parse("2020-01-01") }, ["new", "none"]],
  [{ names: ["debian"] }, ["old", "new"]],
  [{ names: ["debian:12", "*/team/app"] }, ["old", "new"]],
])("%j", (filter, ids) => {
  expect(filterImages(images, filter).map(({ id }) => id)).toEqual(ids);
});

test("only the names that fit remain", () => {
  expect(filterImages(images, { names: ["*:1", "*/*/*:1"] })[0]?.names).toEqual([
    "localhost:5000/team/app:1",
  ]);
});

test.each([
  ["debian", true],
  ["debian:12", true],
  ["debian:1?", true],
  ["deb*", true],
  ["deb*:[0-9]*", true],
  ["docker.io/library/debian:12", true],
  ["docker.io/library/debian", true],
  ["debian:1", false],
  ["ebian", false],
  ["*/debian", false],
  ["d.bian", false],
])("pattern %s of debian:12: %s", (pattern, fits) => {
  expect(matchesName(pattern, "docker.io/library/debian:12")).toBe(fits);
});

test("a pattern that is none", () => {
  expect(() => matchesName("debian:[1", "docker.io/library/debian:12")).toThrow("a [ is not closed");
});
