import { describe, expect, test } from "bun:test";
import { debianArchitecture, parseSystem, platformOf, recipeDigest, usualName } from "./recipe.ts";

const recipe = {
  distribution: "debian",
  suite: "bookworm",
  variant: "minbase",
  architecture: "amd64",
  include: ["b", "a"],
  exclude: [],
  components: ["main"],
} as const;

test("systems are named as images are", () => {
  expect(parseSystem("debian:bookworm")).toEqual({ distribution: "debian", suite: "bookworm" });
  expect(parseSystem("debian:12")).toEqual({ distribution: "debian", suite: "bookworm" });
  expect(parseSystem("ubuntu:22.04")).toEqual({ distribution: "ubuntu", suite: "jammy" });
  expect(parseSystem("debian")).toEqual({ distribution: "debian", suite: "stable" });
  expect(parseSystem("jammy")).toEqual({ distribution: "ubuntu", suite: "jammy" });
  expect(parseSystem("sid")).toEqual({ distribution: "debian", suite: "sid" });
  expect(parseSystem("kali:kali-rolling")).toEqual({ distribution: "kali", suite: "kali-rolling" });
  expect(() => parseSystem("debian:jammy")).toThrow("jammy is a suite of ubuntu");
  expect(() => parseSystem("daedalus")).toThrow("of which distribution");
  expect(() => parseSystem("--help; rm")).toThrow("is no system");
  expect(() => parseSystem("debian:-o")).toThrow("is no system");
});

describe("processors", () => {
  for (const [given, debian, go] of [
    ["i386", "i386", "386"],
    ["386", "i386", "386"],
    ["x86_64", "amd64", "amd64"],
    ["aarch64", "arm64", "arm64"],
    ["armhf", "armhf", "arm"],
    ["armel", "armel", "arm"],
    ["linux/arm/v6", "armel", "arm"],
    ["ppc64el", "ppc64el", "ppc64le"],
    ["s390x", "s390x", "s390x"],
  ] as const)
    test(given, () => {
      expect(debianArchitecture(given)).toBe(debian);
      expect(platformOf(debian).architecture).toBe(go);
    });
});

test("an image is named after what is unusual, and cached by everything", () => {
  expect(usualName(recipe, "amd64")).toBe("debian:bookworm");
  expect(usualName({ ...recipe, variant: "buildd" }, "arm64")).toBe("debian:bookworm-buildd-amd64");
  expect(recipeDigest({ ...recipe, include: ["a", "b", "a"] })).toBe(recipeDigest(recipe));
  for (const other of [{ include: [] }, { mirror: "http://localhost/" }, { suite: "sid" }])
    expect(recipeDigest({ ...recipe, ...other })).not.toBe(recipeDigest(recipe));
});
