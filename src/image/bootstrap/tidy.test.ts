import { expect, test } from "bun:test";
import type { TarEntry } from "../tar/index.ts";
import { tidied } from "./tidy.ts";

const entry = (name: string, changes: Partial<TarEntry> = {}): TarEntry => ({
  name,
  type: "directory",
  mode: 0o700,
  uid: 42,
  gid: 0,
  size: 0,
  mtime: { seconds: 1000, nanoseconds: 5 },
  linkName: "",
  userName: "_apt",
  groupName: "root",
  deviceMajor: 0,
  deviceMinor: 0,
  ...changes,
});
const times = { begun: 500, epoch: 400 };

test("what depends on who made a system is the same whoever did", () => {
  for (const name of ["./var/cache/apt/archives/partial/", "var/lib/apt/lists/partial"])
    expect(tidied(entry(name), times)?.entry).toMatchObject({ uid: 0, gid: 0, userName: "", groupName: "" });
  expect(tidied(entry("./var/mail/"), times)?.entry).toMatchObject({ uid: 42, name: "var/mail" });
  expect(tidied(entry("etc/x"), times)?.entry.mtime).toEqual({ seconds: 400, nanoseconds: 0 });
  expect(tidied(entry("var/lib/apt/lists/some_Packages", { type: "file" }), times)).toBeUndefined();
});
