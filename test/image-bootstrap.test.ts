// Images of a distribution's packages, made by Debian's own tools from the mirror that apt uses.
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import {
  allProcesses,
  commandLine,
  engine,
  type Engine,
  findUser,
  needs,
  type ProcessStat,
  userWithRanges,
  waitFor,
} from "./harness/index.ts";

const SUITE = "debian:bookworm";

const digestOf = (stderr: string): string => /Digest: (sha256:[0-9a-f]{64})/.exec(stderr)?.[1] ?? stderr;

async function bootstrap(own: Engine, ...args: string[]): Promise<string> {
  const { stderr, status } = await own.husk(["image", "bootstrap", SUITE, ...args], { timeout: 240_000 });
  expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
  return digestOf(stderr);
}

function expectNoLitter(own: Engine): void {
  expect(readdirSync(`${own.root}/layers`).filter((name) => !name.startsWith("sha256-"))).toEqual([]);
  expect(readdirSync(`${own.root}/downloads`)).toEqual([]);
  expect(readdirSync(`${own.root}/claims`)).toEqual([]);
}

const wanted = { command: "mmdebstrap", idRange: true, mirror: true } as const;

describe("husk image bootstrap", () => {
  needs(wanted)(
    "makes a system that runs, and the second time has it",
    async () => {
      const own = engine();
      const digest = await bootstrap(own);
      expectNoLitter(own);
      const script =
        "dpkg-query -W dpkg; ls -A /dev/shm /var/cache/apt/archives /tmp; grep -c . /etc/apt/sources.list; stat -c %u:%g /etc/shadow";
      const { stdout } = await own.husk(["run", "--rm", SUITE, "sh", "-c", script]);
      expect(stdout).toMatch(/^dpkg\t/);
      expect(stdout).toEndWith("0:42\n");
      const again = await own.husk(["image", "bootstrap", SUITE, "-t", "again:1"]);
      expect(again.stderr).toContain("an image of the same recipe is here already");
      expect(digestOf(again.stderr)).toBe(digest);
      expect((await own.husk(["rmi", SUITE, "again:1"])).stdout).toContain("Deleted: ");
      expect(readdirSync(`${own.root}/layers`)).toEqual([]);
    },
    300_000,
  );

  needs(wanted)(
    "that is killed leaves nothing",
    async () => {
      const own = engine();
      const isOurs = ({ pid }: ProcessStat): boolean =>
        commandLine(pid)?.some((word) => word.includes(own.root)) === true;
      for (const signal of ["SIGKILL", "SIGINT"] as const) {
        const running = own.start(["image", "bootstrap", SUITE], { timeout: 90_000 });
        await waitFor("the tool", () => running.stderr().includes("apt-get update"), 60_000);
        running.kill(signal);
        const { status } = await running.result;
        expect(status).toBe(signal === "SIGINT" ? 130 : 137);
        await waitFor("the end of its processes", () => !allProcesses().some(isOurs));
        expect((await own.husk(["image", "make", "box", "cat"])).status).toBe(0);
        expectNoLitter(own);
      }
    },
    200_000,
  );

  needs({ ...wanted, soak: true, root: true })(
    "gives the same digest from the same packages, by each tool, and to each user",
    async () => {
      const own = engine();
      for (const tool of ["mmdebstrap", "debootstrap"])
        for (const variant of ["minbase"]) {
          const words = ["--tool", tool, "--variant", variant, "--no-cache"];
          expect(await bootstrap(own, ...words)).toBe(await bootstrap(own, ...words));
        }
      const user = findUser(userWithRanges)!;
      expect(await bootstrap(engine(user))).toBe(await bootstrap(own, "--no-cache"));
    },
    900_000,
  );

  needs({ ...wanted, soak: true, root: true })(
    "for another processor, to build packages, with further ones",
    async () => {
      const own = engine();
      await bootstrap(own, "--arch", "i386", "--include", "procps", "--variant", "buildd");
      const name = `${SUITE}-buildd-i386`;
      const script = "dpkg --print-architecture; uname -m; gcc --version | head -1; ps -o comm= -p 1";
      const { stdout } = await own.husk(["run", "--rm", name, "sh", "-c", script]);
      expect(stdout).toMatch(/^i386\ni686\ngcc .*\nsh\n$/);
    },
    600_000,
  );

  test("says what is wrong", async () => {
    const own = engine();
    const fails = async (...args: string[]): Promise<string> => {
      const { status, stderr } = await own.husk(["image", "bootstrap", ...args], { timeout: 60_000 });
      return `${status} ${stderr}`;
    };
    expect(await fails("debian:jammy")).toMatch(/^1 .*jammy is a suite of ubuntu/);
    expect(await fails("daedalus")).toMatch(/^1 .*of which distribution/);
    expect(await fails(SUITE, "--include", "$(id)")).toContain(
      `125 husk: invalid value "$(id)" for --include`,
    );
    expect(await fails(SUITE, "--mirror", "-o")).toMatch(/^125 .*for --mirror/);
    expect(await fails(SUITE, "--arch", "s390x")).toMatch(
      /^1 .*(do not run on this machine|arch-test|not installed)/,
    );
  });

  needs({ command: "mmdebstrap", idRange: true })("passes on what the tool complains of", async () => {
    const own = engine();
    const { status, stderr } = await own.husk(
      ["image", "bootstrap", "-q", SUITE, "--mirror", "file:///nowhere"],
      {
        timeout: 60_000,
      },
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("husk: mmdebstrap ended with status")]);
    expectNoLitter(own);
  });
});
