// husk jail make beside ldd(1) and by its result: the programs run in the jail.
import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  compile,
  compileFor,
  findCommand,
  husk,
  makeJail,
  needs,
  run,
  temporaryFolder,
} from "./harness/index.ts";

/** Real paths of the loader and libraries that ldd(1) names. */
async function ldd(program: string): Promise<string[]> {
  const { stdout } = await run(["ldd", program]);
  return [...stdout.matchAll(/(?:^\s+|=> )(\/\S+) \(0x/gm)].map(([, path]) => realpathSync(path!));
}

async function filesOf(jail: string): Promise<string[]> {
  const { stdout } = await run(["find", jail, "-type", "f", "-printf", "/%P\n"]);
  return stdout.trim().split("\n").toSorted();
}

const unique = (paths: readonly string[]): string[] => [...new Set(paths)].toSorted();

describe("S9: a program with all it needs", () => {
  test("the jail holds exactly the programs and what ldd names, and they run there", async () => {
    const jail = join(temporaryFolder("jails"), "jail");
    const { status, stdout } = await husk(["jail", "make", jail, "bash", "ls", "cat"]);
    expect(status).toBe(0);
    const programs = ["bash", "ls", "cat"].map((name) => realpathSync(findCommand(name)!));
    const expected = [...programs, ...(await Promise.all(programs.map(ldd))).flat()];
    expect(await filesOf(jail)).toEqual(unique(expected));
    for (const path of unique(expected)) expect(stdout).toContain(path);
    const ran = await husk(["chroot", jail, "bash", "-c", "ls /"]);
    expect([ran.status, ran.stdout]).toEqual([0, `${readdirSync(jail).toSorted().join("\n")}\n`]);
  });

  needs({ root: true })("husk run --rootfs works with it too", async () => {
    const jail = await makeJail(["bash", "ls"]);
    expect((await husk(["run", "--rootfs", jail, "bash", "-c", "ls -d /usr"])).stdout).toBe("/usr\n");
  });

  test("for many programs of this machine the list is ldd's", async () => {
    const names = readdirSync("/usr/bin").filter((_, at) => at % 40 === 3);
    for (const name of names) {
      const path = `/usr/bin/${name}`;
      if (!statSync(path).isFile() || !readFileSync(path).subarray(0, 4).equals(Buffer.from("\x7fELF")))
        continue;
      const theirs = await run(["ldd", path]);
      if (theirs.stdout.includes("not found")) continue;
      const made = await husk(["jail", "make", "--dry-run", "--format", "json", "/nowhere", path]);
      const ours = JSON.parse(made.stdout)
        .needs.slice(1)
        .map((need: { path: string }) => realpathSync(need.path));
      expect([name, unique(ours)]).toEqual([name, unique(await ldd(path))]);
    }
  }, 120_000);

  test("links, modes and times are kept; owners by root", async () => {
    const jail = await makeJail(["bash"]);
    for (const path of ["/usr/bin/bash", "/lib64", ...(await ldd("/usr/bin/bash"))]) {
      const [copy, original] = [lstatSync(join(jail, path)), lstatSync(path)];
      expect([path, copy.mode, copy.mtimeMs | 0]).toEqual([path, original.mode, original.mtimeMs | 0]);
      if (original.isSymbolicLink()) expect(readlinkSync(join(jail, path))).toBe(readlinkSync(path));
      if (process.getuid!() === 0)
        expect([path, copy.uid, copy.gid]).toEqual([path, original.uid, original.gid]);
    }
  });

  test("set-user-id goes only with its owner", async () => {
    const jail = await makeJail(["/usr/bin/su"]);
    const mode = statSync(join(jail, "/usr/bin/su")).mode & 0o4000;
    expect(mode).toBe(process.getuid!() === 0 ? 0o4000 : 0);
  });

  test("a script brings its interpreter, through env too", async () => {
    const folder = temporaryFolder("scripts");
    const script = async (name: string, line: string): Promise<string> => {
      writeFileSync(join(folder, name), `${line}\necho ran $0\n`, { mode: 0o755 });
      return join(folder, name);
    };
    const scripts = [
      await script("plain", "#!/bin/sh"),
      await script("env", "#!/usr/bin/env bash"),
      await script("split", "#!/usr/bin/env -S A=b bash -e"),
    ];
    const jail = await makeJail(scripts);
    for (const path of scripts) expect((await husk(["chroot", jail, path])).stdout).toBe(`ran ${path}\n`);
  });

  test("a static program needs nothing else", async () => {
    const program = compile("int main() { return 3; }");
    const jail = await makeJail([program]);
    expect(await filesOf(jail)).toEqual([program]);
    expect((await husk(["chroot", jail, program])).status).toBe(3);
  });
});

describe("S10: adding to a jail", () => {
  test("another program, what is there stays", async () => {
    const jail = await makeJail(["bash"]);
    writeFileSync(join(jail, "secret.txt"), "my super secret thing\n");
    expect((await husk(["chroot", jail, "bash", "-c", "cat /secret.txt"])).status).toBe(127);
    const { stdout } = await husk(["jail", "make", jail, "cat"]);
    expect(stdout).toMatch(/^copied +\/usr\/bin\/cat /m);
    expect(stdout).toMatch(/^kept +\/\S+\/libc\.so\.6 /m);
    expect((await husk(["chroot", jail, "bash", "-c", "cat /secret.txt"])).stdout).toBe(
      "my super secret thing\n",
    );
    expect((await husk(["jail", "make", jail, "bash", "cat"])).stdout).toContain(" 0 copied, 0 linked");
  });

  test("a jail that somebody began by hand, with folders where this machine has links", async () => {
    const jail = temporaryFolder("by-hand");
    for (const folder of ["bin", "lib", "lib64"]) mkdirSync(join(jail, folder));
    copyFileSync("/bin/bash", join(jail, "bin/bash"));
    expect((await husk(["chroot", jail, "/bin/bash", "-c", "true"])).status).toBe(127);
    expect((await husk(["jail", "make", jail, "/bin/bash"])).status).toBe(0);
    expect((await husk(["chroot", jail, "/bin/bash", "-c", "echo works"])).stdout).toBe("works\n");
    expect(lstatSync(join(jail, "lib64")).isDirectory()).toBe(true);
  });

  test("a file that is another stays, unless --replace", async () => {
    const jail = await makeJail(["cat"]);
    const library = (await ldd("/bin/cat")).find((path) => path.includes("libc.so"));
    writeFileSync(join(jail, library!), "another");
    const before = await filesOf(jail);
    const { status, stderr } = await husk(["jail", "make", jail, "ls"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining(`${library} is another file than`)]);
    expect(await filesOf(jail)).toEqual(before);
    expect((await husk(["jail", "make", "--replace", jail, "ls"])).stdout).toContain(`replaced  ${library}`);
    expect((await husk(["chroot", jail, "ls", "/"])).status).toBe(0);
  });
});

describe("libraries are found as the loader finds them", () => {
  needs({ command: "cc" })("RUNPATH, RPATH for those below, $ORIGIN, and by path", async () => {
    const folder = temporaryFolder("app");
    for (const name of ["bin", "lib", "deep", "run"]) mkdirSync(join(folder, name));
    const library = async (name: string, source: string, ...flags: string[]): Promise<void> => {
      const result = await run(
        ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", join(folder, name), ...flags],
        {
          stdin: source,
        },
      );
      expect(result.stderr).toBe("");
    };
    await library("deep/libdeep.so", "int deep() { return 4; }");
    await library(
      "lib/libmiddle.so",
      "int deep(); int middle() { return deep(); }",
      "-L",
      join(folder, "deep"),
      "-ldeep",
    );
    await library("run/libown.so", "int own() { return 5; }");
    const built = async (name: string, ...flags: string[]): Promise<string> => {
      const path = join(folder, "bin", name);
      const libraries = ["lib/libmiddle.so", "run/libown.so"].map((file) => `-l:${file.split("/")[1]}`);
      const result = await run(
        [
          "cc",
          "-x",
          "c",
          "-",
          "-o",
          path,
          `-L${folder}/lib`,
          `-L${folder}/run`,
          ...libraries,
          `-Wl,-rpath-link,${folder}/deep`,
          ...flags,
        ],
        { stdin: "int middle(); int own(); int main() { return middle() + own(); }" },
      );
      expect(result.stderr).toBe("");
      return path;
    };
    const searched = "$ORIGIN/../lib:${ORIGIN}/../deep:$ORIGIN/../run";
    const rpath = await built("rpath", "-Wl,--disable-new-dtags", `-Wl,-rpath,${searched}`);
    const jail = await makeJail([rpath]);
    // Without /proc the loader knows no $ORIGIN; husk has put links where it looks as well.
    expect((await husk(["chroot", jail, rpath])).status).toBe(9);
    expect((await filesOf(jail)).filter((path) => path.startsWith(folder)).length).toBe(4);

    // A RUNPATH is for the program's own libraries only: libdeep is not found, as ldd says too.
    const runpath = await built("runpath", "-Wl,--enable-new-dtags", `-Wl,-rpath,${searched}`);
    expect((await run(["ldd", runpath])).stdout).toContain("libdeep.so => not found");
    const { status, stderr } = await husk(["jail", "make", join(temporaryFolder("jails"), "new"), runpath]);
    expect(status).toBe(125);
    expect(stderr).toMatch(/library libdeep\.so of \S+libmiddle\.so/);
  });

  needs({ root: true, command: "cc" })(
    "a library that only ld.so.conf names is found by the jail's loader too",
    async () => {
      const root = await makeJail(["bash"], ["opt/odd", "etc/ld.so.conf.d"]);
      const build = async (...words: string[]): Promise<void> => expect((await run(words)).stderr).toBe("");
      const source = join(temporaryFolder("source"), "x.c");
      writeFileSync(source, "int odd() { return 8; }");
      await build("cc", "-shared", "-fPIC", "-o", join(root, "opt/odd/libodd.so"), source);
      writeFileSync(source, "int odd(); int main() { return odd(); }");
      await build("cc", "-o", join(root, "usr/bin/program"), source, `-L${root}/opt/odd`, "-lodd");
      writeFileSync(join(root, "etc/ld.so.conf"), "include ld.so.conf.d/*.conf\n");
      writeFileSync(join(root, "etc/ld.so.conf.d/odd.conf"), "# odd\n/opt/odd\n");
      for (const withCache of [false, true]) {
        if (withCache) await run(["ldconfig", "-r", root]);
        const jail = join(temporaryFolder("jails"), "jail");
        const { status, stdout } = await husk(["jail", "make", "--from", root, jail, "program"]);
        expect([status, stdout]).toEqual([0, expect.stringContaining("libodd.so → /opt/odd/libodd.so")]);
        expect((await husk(["chroot", jail, "program"])).status).toBe(8);
      }
    },
  );

  needs({ command: "aarch64-linux-gnu-gcc", file: "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1" })(
    "of another processor, from another root, with a word on emulation",
    async () => {
      const root = temporaryFolder("arm");
      for (const folder of ["lib", "usr/bin"]) mkdirSync(join(root, folder), { recursive: true });
      const from = "/usr/aarch64-linux-gnu/lib";
      for (const name of ["ld-linux-aarch64.so.1", "libc.so.6"])
        copyFileSync(join(from, name), join(root, "lib", name));
      const program = compileFor("aarch64", "int getpid(); void _start(void) { getpid(); for (;;); }", [
        join(from, "libc.so.6"),
        "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1",
      ]);
      copyFileSync(program, join(root, "usr/bin/program"));
      await run(["chmod", "755", join(root, "usr/bin/program")]);
      const jail = join(temporaryFolder("jails"), "jail");
      const { status, stderr } = await husk(["jail", "make", "--from", root, jail, "program"]);
      expect([status, stderr]).toEqual([
        0,
        expect.stringMatching(/programs for aarch64 do not run .*qemu-user-static/),
      ]);
      expect(await filesOf(jail)).toEqual([
        "/lib/ld-linux-aarch64.so.1",
        "/lib/libc.so.6",
        "/usr/bin/program",
      ]);
      const listed = await husk(["jail", "ls", jail]);
      expect(listed.stdout).toMatch(/✓ +\/usr\/bin\/program +dynamic aarch64 +with 1 library/);
    },
  );
});

describe("what cannot be had", () => {
  test("everything that is missing is named at once, and nothing is made", async () => {
    const folder = temporaryFolder("broken");
    const script = join(folder, "script");
    writeFileSync(script, "#!/no/such/interpreter\n", { mode: 0o755 });
    const jail = join(temporaryFolder("jails"), "jail");
    const { status, stderr } = await husk(["jail", "make", jail, "bash", script]);
    expect([status, stderr]).toEqual([
      125,
      expect.stringContaining(`interpreter /no/such/interpreter of ${script}`),
    ]);
    expect(existsSync(jail)).toBe(false);
  });

  test("a program, a file and a folder that make no sense are named", async () => {
    const jail = join(temporaryFolder("jails"), "jail");
    const text = join(temporaryFolder("files"), "text");
    writeFileSync(text, "text", { mode: 0o755 });
    for (const [words, message] of [
      [[jail, "no-such-program"], "no program no-such-program"],
      [[jail, "/no/such/program"], "no program /no/such/program"],
      [[jail, text], `${text} is no program`],
      [[text, "bash"], `${text} is a file`],
      [[`${jail}/deeper/still`, "bash"], "cannot make the jail"],
      [["--from", "/no/such/root", jail, "bash"], "--from /no/such/root: no such folder"],
      [[jail], "the programs are missing"],
    ] as const) {
      const { status, stderr } = await husk(["jail", "make", ...words]);
      expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
    }
    expect(existsSync(jail)).toBe(false);
  });

  test("a failure in between takes back what was made", async () => {
    const jail = temporaryFolder("jail");
    mkdirSync(join(jail, "usr/lib"), { recursive: true });
    const library = (await ldd("/bin/cat")).find((path) => path.includes("libc.so"));
    mkdirSync(join(jail, library!), { recursive: true });
    const { status, stderr } = await husk(["jail", "make", jail, "cat"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining(`${library} cannot become a file`)]);
    expect(await filesOf(jail)).toEqual([""]);
    expect(readdirSync(jail)).toEqual(["usr"]);
  });
});

describe("links in a jail lead nothing out of it", () => {
  const hostile = async (place: string, prepare: (jail: string, outside: string) => void): Promise<void> => {
    const outside = temporaryFolder("outside");
    for (const folder of ["bin", "lib", "lib64"]) mkdirSync(join(outside, folder));
    writeFileSync(join(outside, "kept"), "kept");
    const jail = temporaryFolder("jail");
    prepare(jail, outside);
    const result = await husk(["jail", "make", jail, "bash"]);
    const found = await run(["find", outside, "-mindepth", "1", "-printf", "%P %s\n"]);
    expect([place, found.stdout.split("\n").filter((line) => !/^(bin|lib|lib64) /.test(line))]).toEqual([
      place,
      ["kept 4", ""],
    ]);
    // Either it is refused, or the jail works with the link as it is: read from inside.
    if (result.status === 0) expect((await husk(["chroot", jail, "bash", "-c", "true"])).status).toBe(0);
    else expect(result.stderr).toContain(jail);
  };

  test("absolute and relative ones, to folders and to files", async () => {
    await hostile("usr", (jail, outside) => symlinkSync(outside, join(jail, "usr")));
    await hostile("up", (jail, outside) => symlinkSync(`../../../../../..${outside}`, join(jail, "usr")));
    await hostile("lib64", (jail, outside) => symlinkSync(`${outside}/lib64`, join(jail, "lib64")));
    await hostile("file", (jail, outside) => {
      mkdirSync(join(jail, "usr/bin"), { recursive: true });
      symlinkSync(`${outside}/new`, join(jail, "usr/bin/bash"));
    });
    await hostile("existing file", (jail, outside) => {
      mkdirSync(join(jail, "usr/bin"), { recursive: true });
      symlinkSync(`${outside}/kept`, join(jail, "usr/bin/bash"));
    });
    await hostile("/proc/self/root", (jail, outside) =>
      symlinkSync(`/proc/self/root${outside}`, join(jail, "usr")),
    );
  });

  needs({ root: true, command: "timeout" })("while somebody exchanges a folder for a link", async () => {
    const outside = temporaryFolder("outside");
    const jail = temporaryFolder("jail");
    const swap = `while :; do mkdir -p usr; mv -T usr old 2>/dev/null; ln -sfn "$1" usr; rm -f usr; mv -T old usr 2>/dev/null; done`;
    const swapping = run(["timeout", "-s", "KILL", "2", "sh", "-c", swap, "sh", outside], { cwd: jail });
    for (let turn = 0; turn < 15; turn++) await husk(["jail", "make", jail, "bash"]);
    await swapping;
    expect(readdirSync(outside)).toEqual([]);
    rmSync(jail, { recursive: true });
  });
});
