import { describe, expect, test } from "bun:test";
import { parseMountOptions } from "./mount-options.ts";

const parse = (...options: string[]) => parseMountOptions(options);

/** Every option name of the runtime-spec, runc 1.3 and crun 1.28 that husk acts on. */
const known =
  "async atime bind defaults dest-nofollow dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave src-nofollow strictatime suid symfollow sync tmpcopyup copy-symlink unbindable".split(
    " ",
  );

describe("mount options", () => {
  test("no option of the specification is taken for one of the file system's", () => {
    for (const option of known) expect(parse(option).data, option).toEqual([]);
    expect(parse("size=64k", "mode=755", "newinstance").data).toEqual([
      "size=64k",
      "mode=755",
      "newinstance",
    ]);
  });

  test("attributes are those of mount_setattr(2)", () => {
    expect(parse("ro", "nosuid", "nodev", "noexec").set).toBe(0xf);
    expect(parse("nodiratime", "nosymfollow").set).toBe(0x200080);
    expect([parse("ro", "rw").set, parse("ro", "rw").clear]).toEqual([0, 1]);
    expect([parse("rw", "ro").set, parse("rw", "ro").clear]).toEqual([1, 0]);
  });

  test("times of access are one field, cleared whole before one is set", () => {
    const { set, clear } = parse("noatime", "strictatime");
    expect([set, clear]).toEqual([0x20, 0x70]);
    expect(parse("relatime")).toMatchObject({ set: 0, clear: 0x70 });
  });

  test("an r in front means the mounts below as well", () => {
    expect(parse("rro", "rnosuid")).toMatchObject({ set: 0, recursiveSet: 3 });
    expect(parse("rrw")).toMatchObject({ clear: 0, recursiveClear: 1 });
    expect(parse("rnoatime")).toMatchObject({ recursiveSet: 0x10, recursiveClear: 0x70 });
  });

  test("propagation is kept in order", () => {
    expect(parse("rslave", "shared").propagation).toEqual([(1 << 19) | 0x4000, 1 << 20]);
  });

  test("rbind is a bind of the whole tree", () => {
    expect(parse("bind")).toMatchObject({ bind: true, recursive: false });
    expect(parse("rbind")).toMatchObject({ bind: true, recursive: true });
  });

  test("id maps are this mount's, or with an r those of all below it too", () => {
    expect(parse("bind", "idmap")).toMatchObject({ idMap: "idmap", data: [] });
    expect(parse("rbind", "ridmap").idMap).toBe("ridmap");
  });
});
