// System calls about which a listener is asked (SCMP_ACT_NOTIFY), with an agent that answers. Some beside runc.
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  type Bundle,
  compile,
  type Config,
  huskRuntime,
  makeBundle,
  needs,
  type OciRuntime,
  runcRuntime,
  type Running,
  start,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;
const beside = { root: true, command: ["busybox", "runc"] } as const;

/** `agent SOCKET FILE`: appends each state it is told to FILE; mkdir seems to work, chmod fails, the rest goes on. */
const agentSource = `
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <linux/seccomp.h>
#include <unistd.h>
static void serve(int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    struct seccomp_notif request = {0};
    struct seccomp_notif_resp answer = {0};
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    poll(&ready, 1, -1);
    if (!(ready.revents & POLLIN)) _exit(0);
    if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request)) continue;
    answer.id = request.id;
    if (request.data.nr == SYS_chmod || request.data.nr == SYS_fchmodat) answer.error = -ENOMEDIUM;
    else if (request.data.nr != SYS_mkdir) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}
int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcat(strcpy(address.sun_path, argv[1]), ".new");
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) return 1;
  rename(address.sun_path, argv[1]); /* Who sees it is heard. */
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    int peer = accept(listener, 0, 0);
    static char text[65536];
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    long n = recvmsg(peer, &message, 0);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (n <= 0 || !head) return 2;
    int fd, file = open(argv[2], O_WRONLY | O_APPEND | O_CREAT, 0600);
    memcpy(&fd, CMSG_DATA(head), sizeof fd);
    text[n] = '\\n';
    write(file, text, n + 1);
    close(file);
    close(peer);
    if (fork() == 0) serve(fd);
    close(fd);
  }
}`;

interface Agent {
  readonly socket: string;
  /** What it was told of processes, in order. */
  // oxlint-disable-next-line typescript/no-explicit-any
  states(): any[];
  end(): Promise<void>;
}

async function startAgent(): Promise<Agent> {
  const [socket, file] = [temporaryFile("agent.sock"), temporaryFile("states")];
  const running: Running = start([compile(agentSource), socket, file]);
  await waitFor("the agent", () => existsSync(socket));
  return {
    socket,
    states: () =>
      (existsSync(file) ? readFileSync(file, "utf8") : "")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    end: async () => {
      running.kill("SIGKILL");
      await running.result;
    },
  };
}

function notifying(socket: string, names: readonly string[], noNewPrivileges: boolean, more: object = {}) {
  return (config: Config): void => {
    config.process.noNewPrivileges = noNewPrivileges;
    config.annotations = { "org.example": 'a "quoted" value' };
    config.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      listenerPath: socket,
      listenerMetadata: "some data",
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [{ names, action: "SCMP_ACT_NOTIFY" }],
      ...more,
    };
  };
}

async function withAgent(body: (agent: Agent) => Promise<void>): Promise<void> {
  const agent = await startAgent();
  try {
    await body(agent);
  } finally {
    await agent.end();
  }
}

async function deleting(runtimes: readonly OciRuntime[], body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    for (const runtime of runtimes) await runtime.call(["delete", "--force", "one"]);
  }
}

const pretend = "mkdir /tmp/new && test ! -e /tmp/new && echo pretended";

describe("a listener", () => {
  for (const privileges of [true, false]) {
    needs(needed)(
      `answers for the program, no_new_privs ${privileges}, in run, create and exec`,
      async () => {
        await withAgent(async (agent) => {
          const husk = huskRuntime();
          const bundle = makeBundle(["sh", "-c", pretend], notifying(agent.socket, ["mkdir"], privileges));
          expect(await husk.must(["run", "--bundle", bundle.path, "one"])).toBe("pretended\n");
          const slow = makeBundle(["sleep", "100"], notifying(agent.socket, ["mkdir"], privileges));
          await deleting([husk], async () => {
            await husk.must(["create", "--bundle", slow.path, "one"]);
            const pid = await husk.pid("one");
            const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2);
            expect(open.length).toBe(2);
            await husk.must(["start", "one"]);
            const exec = ["exec", "one", "sh", "-c", pretend];
            expect(await husk.must(exec)).toBe("pretended\n");
            await husk.must([
              "exec",
              "-d",
              "--user",
              "1000:1000",
              "one",
              "sh",
              "-c",
              `${pretend} && sleep 50`,
            ]);
            const [first, created, entered] = agent.states();
            expect(first.state.status).toBe("creating");
            expect(created).toMatchObject({
              pid,
              state: { pid, id: "one", status: "creating", bundle: slow.path },
            });
            expect(entered).toMatchObject({ metadata: "some data", state: { pid, status: "running" } });
            expect(entered.pid).not.toBe(pid);
          });
        });
      },
    );

    needs(needed)(`is asked about calls that every start needs, no_new_privs ${privileges}`, async () => {
      await withAgent(async (agent) => {
        const names = [
          "execve",
          "openat",
          "open",
          "read",
          "close",
          "sendmsg",
          "wait4",
          "dup3",
          "close_range",
        ];
        const change = notifying(agent.socket, names, privileges);
        const husk = huskRuntime();
        const bundle = makeBundle(["echo", "well"], change);
        expect(await husk.must(["run", "--bundle", bundle.path, "one"])).toBe("well\n");
        await deleting([husk], async () => {
          await husk.must(["create", "--bundle", bundle.path, "one"]);
          await husk.must(["start", "one"]);
          await husk.stopped("one");
        });
      });
    });
  }

  needs({ ...beside, kernel: "5.9" })("is told the same as by runc", async () => {
    await withAgent(async (agent) => {
      const bundle = makeBundle(["sleep", "100"], notifying(agent.socket, ["mkdir"], true));
      const told: unknown[] = [];
      for (const runtime of [runcRuntime(), huskRuntime()]) {
        await deleting([runtime], async () => {
          const before = agent.states().length;
          await runtime.must(["run", "-d", "--bundle", bundle.path, "one"]);
          await runtime.must(["exec", "one", "true"]);
          const pid = await runtime.pid("one");
          await waitFor("what the agent is told", () => agent.states().length >= before + 2);
          const states = agent.states().slice(before);
          told.push(
            states.map((state) => ({
              ...state,
              // Each names the version of the specification it was written for.
              ociVersion: typeof state.ociVersion,
              state: {
                ...state.state,
                ociVersion: typeof state.state.ociVersion,
                pid: state.state.pid === pid,
              },
              pid: state.pid === pid,
            })),
          );
        });
      }
      expect(told[1]).toEqual(told[0]);
    });
  });

  needs(needed)("can make calls fail, and where it has gone they fail as unknown ones", async () => {
    await withAgent(async (agent) => {
      const husk = huskRuntime();
      const chmod = makeBundle(
        ["chmod", "700", "/tmp"],
        notifying(agent.socket, ["chmod", "fchmodat"], true),
      );
      expect((await husk.call(["run", "--bundle", chmod.path, "one"])).stderr).toContain("No medium found");
      const command = "until test -e /go; do sleep 0.1; done; mkdir /tmp/new 2> /said; sleep 100";
      const later = makeBundle(["sh", "-c", command], notifying(agent.socket, ["mkdir"], true));
      await deleting([husk], async () => {
        await husk.must(["run", "-d", "--bundle", later.path, "one"]);
        await agent.end();
        writeFileSync(`${later.rootfs}/go`, "");
        const said = (): string =>
          existsSync(`${later.rootfs}/said`) ? readFileSync(`${later.rootfs}/said`, "utf8") : "";
        await waitFor("the error", () => said().includes("Function not implemented"));
      });
    });
  });

  needs(needed)("a hook before the program gets none of the descriptors", async () => {
    await withAgent(async (agent) => {
      const husk = huskRuntime();
      const hook = { path: "/bin/sh", args: ["sh", "-c", "ls /proc/self/fd | wc -l > /count"] };
      const bundle = makeBundle(["cat", "/count"], (config) => {
        notifying(agent.socket, ["mkdir"], false)(config);
        config.hooks = { startContainer: [hook] };
      });
      expect(await husk.must(["run", "--bundle", bundle.path, "one"])).toBe("4\n");
    });
  });

  needs({ root: true, command: "busybox" })(
    "in a user namespace, as another user, leaves no zombie",
    async () => {
      await withAgent(async (agent) => {
        const husk = huskRuntime();
        const command = "mkdir /tmp/new; ls -d /proc/[0-9]* | wc -l";
        const bundle = makeBundle(["sh", "-c", command], (config) => {
          notifying(agent.socket, ["mkdir"], true)(config);
          config.linux.namespaces.push({ type: "user" });
          const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
          Object.assign(config.linux, { uidMappings: map, gidMappings: map });
          config.process.user = { uid: 1000, gid: 1000 };
        });
        await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
        // The shell, ls and wc.
        expect(await husk.must(["run", "--bundle", bundle.path, "one"])).toBe("3\n");
      });
    },
  );
});

describe("what cannot be asked", () => {
  const refused = async (bundle: Bundle): Promise<string> => {
    const husk = huskRuntime();
    const { status, stderr } = await husk.call(["run", "--bundle", bundle.path, "one"]);
    expect(status).toBe(1);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(existsSync(`${husk.root}/one`)).toBe(false);
    return stderr;
  };

  needs(needed)("write, everything, and nobody", async () => {
    const none = temporaryFile("none.sock");
    const of = (names: string[], more: object = {}): Bundle =>
      makeBundle(["true"], notifying(none, names, true, more));
    expect(await refused(of(["mkdir"]))).toContain(`seccomp agent ${none}`);
    expect(await refused(of(["write"]))).toContain("SCMP_ACT_NOTIFY cannot be used for the write syscall");
    expect(await refused(of(["mkdir"], { defaultAction: "SCMP_ACT_NOTIFY" }))).toContain(
      "SCMP_ACT_NOTIFY cannot be used as default action",
    );
    expect(await refused(of(["mkdir"], { listenerPath: "" }))).toContain("seccomp listenerPath is not set");
  });

  needs(needed)("a listener that nobody needs is not called", async () => {
    const unused = { syscalls: [] };
    const bundle = makeBundle(["true"], notifying(temporaryFile("none.sock"), [], true, unused));
    expect((await huskRuntime().call(["run", "--bundle", bundle.path, "one"])).status).toBe(0);
  });
});
