import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { groupPath, parentsOf } from "./group-path.ts";

test.each([
  [{}, "/husk-id"],
  [{ parent: "/team" }, "/team/id"],
  [{ parent: "team/a/" }, "/team/a/id"],
  [{ parent: "/" }, "/id"],
  [{ parent: "/team", cgroupsPath: "/docker/x" }, "/docker/x"],
  [{ cgroupsPath: "docker/x" }, "/docker/x"],
  [{ cgroupsPath: "" }, "/husk-id"],
  [{ cgroupsPath: "/a//./b/../c/" }, "/a/c"],
  [{ cgroupsPath: "../../etc" }, "/etc"],
])("%j is %s", (name, path) => {
  expect(groupPath({ id: "id", ...name })).toBe(path);
});

test.each(["/", "..", "/a/..", "/x\ny", `/${"n".repeat(256)}`])("%j is refused", (cgroupsPath) => {
  expect(() => groupPath({ id: "id", cgroupsPath })).toThrow("linux.cgroupsPath");
});

test("no path leads above the top", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("..", ".", "", "a", "b")), (parts) => {
      try {
        expect(groupPath({ id: "id", cgroupsPath: parts.join("/") })).toMatch(/^(\/[^/.]+)+$/);
      } catch (error) {
        expect((error as Error).message).toContain("names the top");
      }
    }),
  );
});

test("parents, the highest first", () => {
  expect(parentsOf("/a/b/c")).toEqual(["/a", "/a/b"]);
  expect(parentsOf("/a")).toEqual([]);
});
