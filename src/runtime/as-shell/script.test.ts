import { expect, test } from "bun:test";
import { Clone, cloneArgs, Exec, Init, Keep, List } from "../../plan/index.ts";
import type { ContainerRequest } from "../container-request.ts";
import type { PlannedContainer } from "../plan-container.ts";
import { idAsVariable } from "./id-variable.ts";
import { containerAsShell } from "./script.ts";

const ID = "0123456789abcdef0123456789abcdef";

function script(
  change: (request: ContainerRequest, container: List) => void = () => {},
  init = false,
): string {
  const keeper = new List("keeper");
  const container = new List("container");
  container.step("groups", "limits", () => `echo 0 > /sys/fs/cgroup/husk-${ID}/tasks`);
  container.step("own control group namespace", "");
  container.call("unshare", 0x2000000);
  container.step("change root", "the host is gone", () => 'cd "$ROOTFS"\npivot_root . .');
  container.call("pivot_root", ".", ".");
  container.step("own hostname", "the host keeps its name", () => "hostname box");
  container.step("a filter", "fewer calls");
  const request = {
    id: ID,
    root: { kind: "directory", path: "/srv/a b" },
    spec: {
      process: {
        args: ["sh", "-c", "echo 'END_OF_INSIDE\nEND_OF_INSIDE\n'"],
        cwd: "/",
        env: ["A=b c"],
        user: { uid: 0, gid: 0 },
      },
      linux: {},
    },
    init,
  } as unknown as ContainerRequest;
  change(request, container);
  const start = init ? new List("program") : container;
  if (init) container.step("init", "reaps").add(new Init(start));
  start.step("execute sh", "the program begins").add(new Exec(["/bin/sh"], ["sh"], []));
  keeper.step("new process", "in new namespaces");
  keeper.add(new Keep({ pid: keeper.add(new Clone(cloneArgs(0x20020000), container)) }));
  const cleanup = new List("afterwards").step(
    "remove",
    "nothing stays",
    () => `rmdir /sys/fs/cgroup/husk-${ID}`,
  );
  const plan = { keeper, cleanup, exports: new Map() };
  return containerAsShell(
    { plan, warnings: [], cgroups: undefined } as PlannedContainer,
    request,
    "husk run …",
  );
}

/** In this order. */
function expectOrder(text: string, ...parts: readonly string[]): void {
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    expect(found, `${part} after ${text.slice(at - 20, at)}`).toBeGreaterThan(-1);
    at = found + part.length;
  }
}

test("the groups are entered, then the namespaces; the root changes last, when no program of the host is needed", () => {
  const text = script();
  expectOrder(
    text,
    "ROOTFS='/srv/a b'",
    "hostname box",
    'pivot_root "$ROOTFS" "$ROOTFS"',
    "$UMOUNT -n -l /",
    "exec $SETPRIV $ENV -i --chdir=/ 'A=b c'",
  );
  expectOrder(
    text,
    "  echo 0 > /sys/fs/cgroup/husk-$ID/tasks",
    "exec unshare --mount",
    "--pid --fork --kill-child=KILL --cgroup",
  );
});

test("what a shell cannot do stands as a comment", () => {
  expect(script()).toContain("# a filter — fewer calls\n#   a shell has no command for this\n");
});

test("the here-document ends where no line of the program can end it", () => {
  expectOrder(script(), 'cat << "END_OF_INSIDE_"', "\nEND_OF_INSIDE\n", "\nEND_OF_INSIDE_\n");
});

test("the shell reads every script", async () => {
  const texts = [
    script(),
    script(undefined, true),
    script((request) => Object.assign(request.spec.linux, { personality: { domain: "LINUX32" } })),
    script((request) =>
      Object.assign(request.spec.process, { rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }] }),
    ),
    script((request) => Object.assign(request, { root: { kind: "composed", parts: [] } })),
    script((request) =>
      Object.assign(request.spec.linux, { namespaces: [{ type: "network", path: "/run/a net" }] }),
    ),
  ];
  for (const text of texts) {
    expect(Bun.spawnSync(["sh", "-n"], { stdin: Buffer.from(text) }).stderr.toString()).toBe("");
    const inside = /<< "(END_OF_INSIDE_*)"\n([^]*?)\n\1\n/.exec(text)?.[2] ?? "missing )";
    expect(Bun.spawnSync(["sh", "-n"], { stdin: Buffer.from(inside) }).stderr.toString()).toBe("");
  }
});

test("a composed root stands in a folder that goes afterwards", () => {
  const text = script((request) => Object.assign(request, { root: { kind: "composed", parts: [] } }));
  expectOrder(text, "ROOTFS=$(mktemp -d /tmp/husk.XXXXXX)", "afterwards() {", 'rmdir "$ROOTFS"');
});

test("with an init the shell stays, and passes on the exit status", () => {
  expectOrder(
    script(undefined, true),
    "$SETPRIV $ENV -i --default-signal=INT,QUIT",
    "<&3 3<&- &",
    "wait",
    'exit "$status"',
  );
});

test("the id is $ID wherever the shell replaces it, and only there", () => {
  expect(idAsVariable(`\nID=${ID}\nmkdir /a-${ID} '${ID}' ${ID}x # don't ${ID}\necho ${ID}\n`, ID)).toBe(
    `\nID=${ID}\nmkdir /a-$ID '${ID}' \${ID}x # don't $ID\necho $ID\n`,
  );
  expect(idAsVariable("mkdir /abc\n", "abc")).toBe("mkdir /abc\n");
});
