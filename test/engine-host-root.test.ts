// How what a container of host wrote is kept: in one overlay, or, where that cannot be, apart.
import { afterAll, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { huskPath, needs, run, temporaryFolder } from "./harness/index.ts";
import { env, husk, newName, of, removeContainers, state } from "./life-engine.ts";

setDefaultTimeout(120_000);
afterAll(removeContainers);

const asRoot = needs({ root: true });

async function folderOf(name: string): Promise<string> {
  return join(of.root, "containers", await state(name, "{{.Id}}"));
}

/** Its command runs again; what it says. */
async function again(name: string): Promise<string> {
  await husk(["start", name]);
  await husk(["wait", name]);
  return (await husk(["logs", name])).split("\n").at(-1) ?? "";
}

/** Changes something at the first start and tells of it at the next ones. */
const script = `if [ -e /etc/mine ]; then
  echo $(cat /etc/mine /opt/mine /usr/lib/mine WITH/mine) $(ls /srv /etc/passwd 2>/dev/null) $(grep -c own /etc/hosts)
else
  for place in /etc /opt /usr/lib WITH; do echo $place > $place/mine; done
  rm -r /srv /etc/passwd; echo own > /etc/hosts; rm /etc/hostname
  rm -r /var/cache && mkdir /var/cache
fi`;

describe.each([
  ["in one overlay", [], false],
  ["apart, where programs may mount overlays", ["--cap-add", "SYS_ADMIN"], true],
] as const)("%s", (_, flags, isApart) => {
  const begun = async (folder: string): Promise<string> => {
    const name = newName();
    const asked = ["run", "--name", name, "--with", folder, ...flags, "host", "sh", "-c"];
    await husk([...asked, script.replaceAll("WITH", folder)]);
    return name;
  };
  const changed = (folder: string): string => `/etc /opt /usr/lib ${folder} 0`;

  asRoot("changes stay from start to start, and husk's own files are made anew", async () => {
    const folder = temporaryFolder("with");
    const name = await begun(folder);
    expect(existsSync(join(await folderOf(name), "views"))).toBe(isApart);
    expect(await again(name)).toBe(changed(folder));
    expect(await again(name)).toBe(changed(folder));
    expect(existsSync(join(folder, "mine"))).toBe(false);
  });

  asRoot("husk diff shows what the program did, and nothing of husk's", async () => {
    const folder = temporaryFolder("with");
    const name = await begun(folder);
    const lines = (await husk(["diff", name])).split("\n");
    const expected = ["A /etc/mine", "A /opt/mine", "A /usr/lib/mine", `A ${folder}/mine`];
    for (const line of [...expected, "D /etc/passwd", "D /srv"]) expect(lines).toContain(line);
    const own = /^. (\/\.husk|\/(dev|proc|sys|usr|bin)|\/etc\/(host.*|mtab|resolv.conf))$/;
    expect(lines.filter((line) => own.test(line))).toEqual(["C /usr"]);
    const quiet = newName();
    await husk(["run", "--name", quiet, ...flags, "host", "true"]);
    expect(await husk(["diff", quiet])).toBe("");
  });

  asRoot("a fork has all of it, a copy shows it while it does not run", async () => {
    const folder = temporaryFolder("with");
    const name = await begun(folder);
    const fork = newName();
    await husk(["fork", name, fork]);
    await husk(["cp", "-q", `${fork}:/usr/lib/mine`, join(folder, "copy")]);
    expect(readFileSync(join(folder, "copy"), "utf8")).toBe("/usr/lib\n");
    expect(await again(fork)).toBe(changed(folder));
    await husk(["rm", name]);
    expect(await again(fork)).toBe(changed(folder));
  });

  asRoot("what is copied into one that never ran is there when it does", async () => {
    const file = join(temporaryFolder("copied"), "file");
    writeFileSync(file, "copied\n");
    const name = newName();
    await husk(["create", "--name", name, ...flags, "host", "cat", "/opt/file", "/etc/file"]);
    for (const place of ["/opt", "/etc"]) await husk(["cp", "-q", file, `${name}:${place}/file`]);
    expect(existsSync(join(await folderOf(name), "views"))).toBe(isApart);
    await husk(["start", "-a", name]);
    expect(await husk(["logs", name])).toBe("copied\ncopied");
  });
});

asRoot("a start makes few folders", async () => {
  const name = newName();
  await husk(["run", "--name", name, "host", "true"]);
  const found = readdirSync(await folderOf(name), { recursive: true, withFileTypes: true });
  const folders = found.filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    "upper",
    "work",
    "work",
  ]);
});

asRoot("a container whose changes do not fit any more is not started with others", async () => {
  const name = newName();
  await husk(["run", "--name", name, "host", "touch", "/usr/lib/mine"]);
  const inMount = ["unshare", "--mount", "sh", "-c", 'mount --bind /usr /usr && exec "$@"', "sh"];
  const { status, stderr } = await run([...inMount, huskPath, "start", name], { env });
  expect([status, stderr]).toEqual([expect.any(Number), expect.stringContaining("does not fit any more")]);
  expect(status).not.toBe(0);
  expect(await husk(["diff", name])).toContain("A /usr/lib/mine");
  expect(await again(name)).toBe("");
});
