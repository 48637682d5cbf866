// The keeper and its pid 1 as targets: what a container can reach of the processes that keep it.
import { describe, expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  compile,
  descendants,
  engine,
  husk,
  huskPath,
  makeBundle,
  makeRootfs,
  needs,
  openTerminal,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

const withPrograms = needs({ command: ["busybox", "cc"] });
const asRoot = needs({ root: true, command: ["busybox", "cc"] });

/** Writes `replacement` over every `needle` in the writable memory of process 1; prints how often it could. */
const tamper = () =>
  compile(`
    #define _GNU_SOURCE
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <fcntl.h>
    #include <unistd.h>
    int main(int n, char **a) {
      FILE *maps = fopen("/proc/1/maps", "r");
      int memory = open("/proc/1/mem", O_RDWR), done = 0, shared = 0;
      char line[512], mode[8];
      unsigned long from, to, length = strlen(a[1]);
      while (maps && fgets(line, sizeof line, maps) && sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3) {
        shared += mode[3] == 's';
        if (mode[1] != 'w') continue;
        char *copy = malloc(to - from);
        if (pread(memory, copy, to - from, from) != to - from) continue;
        for (char *at = copy; (at = memmem(at, copy + (to - from) - at, a[1], length)); at++)
          done += pwrite(memory, a[2], strlen(a[2]) + 1, from + (at - copy)) > 0;
      }
      printf("%d written, %d shared\\n", done, shared);
      return 0;
    }`);

describe("pid 1 of --init, which a container's processes may look into", () => {
  withPrograms("holds nothing by which its keeper on the host could be steered", async () => {
    const { husk, run } = engine();
    const rootfs = makeRootfs();
    const program = tamper();
    const canary = join(temporaryFolder("c"), "f");
    writeFileSync(canary, "host\n");
    // What the keeper removes in the end, by its path: the container tries to make it another one.
    const { status, stdout, stderr } = await husk([
      "run",
      "--rm",
      "--init",
      "-v",
      `${program}:/tamper:ro`,
      "--rootfs",
      rootfs,
      "--",
      "/tamper",
      `${run}/containers/`,
      canary,
    ]);
    expect([existsSync(canary), status, stderr, stdout]).toEqual([true, 0, "", "0 written, 0 shared\n"]);
  });
});

describe("a process on its way into a container", () => {
  asRoot("CVE-2016-9962: cannot be looked into by processes of the namespaces it enters", async () => {
    const { husk, start, run } = engine();
    const spy = compile(`
      #define _GNU_SOURCE
      #include <dirent.h>
      #include <stdio.h>
      #include <stdlib.h>
      #include <fcntl.h>
      #include <unistd.h>
      #include <string.h>
      int main(void) {
        puts("ready"); fflush(stdout);
        for (;;) for (int pid = 2; pid < 400; pid++) {
          char path[64], name[256];
          snprintf(path, sizeof path, "/proc/%d/exe", pid);
          int n = readlink(path, name, 255);
          if (n <= 0 || !memmem(name, n, "keeper", 6)) continue;
          snprintf(path, sizeof path, "/proc/%d/mem", pid);
          printf("seen %d, %s\\n", pid, open(path, O_RDWR) < 0 ? "closed" : "open"); fflush(stdout);
        }
      }`);
    const victim = start([
      "run",
      "--rm",
      "-v",
      `${spy}:/spy:ro`,
      "--rootfs",
      makeRootfs(),
      "--name",
      "spy",
      "--",
      "/spy",
    ]);
    await waitFor("the spy", () => victim.stdout().includes("ready"));
    const pid = await waitFor(
      "its process",
      () => descendants(victim.pid).find(({ name }) => name === "spy")?.pid,
    );
    // A long search for the program keeps the process waiting where it has the container's rights already.
    const path = Array.from({ length: 4000 }, (_, i) => `/no/${i}`).join(":");
    const bundle = makeBundle(["true"], (config) => {
      config.process.env = [`PATH=${path}:/bin`];
      config.linux.namespaces = config.linux.namespaces.map(({ type }: { type: string }) =>
        type === "pid" ? { type, path: `/proc/${pid}/ns/pid` } : { type },
      );
    });
    const entered = await husk(["oci", "run", "--bundle", bundle.path, "entering"], {
      env: { HUSK_RUN: run },
    });
    victim.kill("SIGKILL");
    const { stdout } = await victim.result;
    expect([entered.status, entered.stderr, stdout]).toEqual([0, "", "ready\n"]);
  });
});

needs({ idRange: true, command: "busybox" })(
  "--oom-score-adj reaches a container with a user namespace",
  async () => {
    const maps = process.getuid!() === 0 ? ["--userns", "private", "--uidmap", "0:100000:65536"] : [];
    const { status, stdout, stderr } = await husk([
      "run",
      "--rm",
      ...maps,
      "--oom-score-adj",
      "100",
      "host",
      "--",
      "cat",
      "/proc/self/oom_score_adj",
    ]);
    expect([status, stderr, stdout]).toEqual([0, "", "100\n"]);
  },
);

describe("the caller's terminal", () => {
  needs({ command: "perl" })(
    "is not the container's without -t: what is typed there cannot be read, nor its settings be changed",
    async () => {
      // On descriptors 0, 1 and 2: what is it, can something be read of it, and can something be pushed back as if typed?
      const script = `
      use POSIX;
      print "ready\n"; $| = 1;
      for my $fd (0, 1, 2) {
        print "terminal $fd\\n" if POSIX::isatty($fd);
        open(my $stream, "+<&=", $fd) or open($stream, "<&=", $fd);
        my $in = ""; vec($in, $fd, 1) = 1;
        if ($fd > 0 && select($in, undef, undef, 1) && sysread($stream, my $text, 99)) { print "read $text\\n" }
        my $key = "x"; print "pushed\\n" if ioctl($stream, 0x5412, $key);
      }
      print "done\\n";`;
      const terminal = openTerminal([huskPath, "run", "host", "perl", "-e", script]);
      try {
        await terminal.shows("ready");
        terminal.type("password\r");
        expect(await terminal.exit()).toBe(0);
        expect(terminal.output()).toContain("done");
        expect(terminal.output()).not.toMatch(/terminal \d|read p|pushed/);
      } finally {
        terminal.close();
      }
    },
  );
});

needs({ root: true })(
  "a process that goes on printing after the program's end does not keep husk",
  async () => {
    // Without a pid namespace nothing ends it but the clean-up, which comes after the last output.
    const script = "yes 12345 & yes 123 & sleep 0.3; echo end";
    const terminal = openTerminal([huskPath, "run", "--pid", "host", "host", "sh", "-c", script]);
    try {
      expect(await terminal.exit()).toBe(0);
    } finally {
      terminal.close();
    }
  },
);
