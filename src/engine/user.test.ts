import { expect, test } from "bun:test";
import { findAccount, findGroup, groupsOf, parseId, resolveUser } from "./user.ts";

const accounts = {
  passwd: `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1::/usr/sbin:
broken
short:x:5
wrong:x:-1:0::/:
huge:x:4294967296:0::/:
web:x:1000:1000:Web:/home/web:/bin/sh
homeless:x:1001:1001
`,
  group: `root:x:0:
adm:x:4:web,root
tty:x:5:
web:x:1000:
webby:x:7:other,webmaster
video:x:44:other,web
bad:x:four:web
last:x:99:web`,
};

test("a name and a number find the same account", () => {
  const web = { name: "web", uid: 1000, gid: 1000, home: "/home/web" };
  expect(findAccount(accounts.passwd, "web")).toEqual(web);
  expect(findAccount(accounts.passwd, 1000)).toEqual(web);
  expect(findAccount(accounts.passwd, "homeless")?.home).toBe("/");
});

test.each(["broken", "short", "wrong", "huge", "", "root:x"])("line of %j is no account", (name) => {
  expect(findAccount(accounts.passwd, name)).toBeUndefined();
});

test("groups by name and by member; a name inside another does not count", () => {
  expect(findGroup(accounts.group, "video")).toBe(44);
  expect(findGroup(accounts.group, "bad")).toBeUndefined();
  expect(groupsOf(accounts.group, "web")).toEqual([4, 44, 99]);
  expect(groupsOf(accounts.group, "root")).toEqual([4]);
  expect(groupsOf(accounts.group, "webmaste")).toEqual([]);
});

test.each(["", "x", "-1", "+1", " 1", "1 ", "0x1", "1e3", "2147483648", "4294967296", "99999999999"])(
  "CVE-2026-30892: %j is no id",
  (text) => {
    expect(parseId(text)).toBeUndefined();
  },
);

test("without a user it is root, with the groups that list root", () => {
  expect(resolveUser(undefined, undefined, accounts)).toEqual({
    user: { uid: 0, gid: 0, additionalGids: [0, 4] },
    home: "/root",
  });
});

test("CVE-2022-36109: the primary group is among the supplementary ones", () => {
  expect(resolveUser({ user: "web" }, undefined, accounts).user).toEqual({
    uid: 1000,
    gid: 1000,
    additionalGids: [1000, 4, 44, 99],
  });
});

test("a group given with the user replaces the others; --group-add adds, by name or number", () => {
  expect(resolveUser({ user: "web", group: "tty" }, undefined, accounts).user).toEqual({
    uid: 1000,
    gid: 5,
    additionalGids: [5],
  });
  expect(resolveUser({ user: 7, group: 8 }, ["video", 8, 123], accounts).user).toEqual({
    uid: 7,
    gid: 8,
    additionalGids: [8, 44, 123],
  });
});

test("a uid without an account has gid 0 and no home", () => {
  expect(resolveUser({ user: 4711 }, undefined, accounts)).toEqual({
    user: { uid: 4711, gid: 0, additionalGids: [0] },
    home: "/",
  });
});

test("unknown names are errors that name them, and ids have a range (CVE-2024-40635)", () => {
  expect(() => resolveUser({ user: "nobody" }, undefined, accounts)).toThrow(
    'no user "nobody" in the container',
  );
  expect(() => resolveUser({ user: 0, group: "nogroup" }, undefined, accounts)).toThrow('no group "nogroup"');
  expect(() => resolveUser(undefined, ["disk"], accounts)).toThrow('no group "disk"');
  for (const id of [-1, 2147483648, 4294967296, 1.5, Number.NaN]) {
    expect(() => resolveUser({ user: id }, undefined, accounts)).toThrow("not from 0 to 2147483647");
  }
});
