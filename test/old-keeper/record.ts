// Records the present keeper, and a plan of its time, as the old one that newer versions of husk have to get on with:
// bun test/old-keeper/record.ts. To be done when a format has got a new version, into a folder of its own.
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Clone, cloneArgs, encode, Exec, Keep, List } from "../../src/plan/index.ts";
import { dieWithKeeper, openSelf } from "../../src/runtime/process/lifetime.ts";
import { openPipes, relaysOf, useInput, usePipes } from "../../src/runtime/process/pipes.ts";
import { openSupervision, removeTraces } from "../../src/runtime/process/supervision.ts";

const LOCK_EX_NB = 6;
const O_RDWR_CLOEXEC = 0o2000002;
const AT_FDCWD = -100;

// All paths are relative, so that the plan can be performed in any folder: it runs `sh ./program` there.
const request = {
  detached: true,
  folder: ".",
  socket: "./sock",
  log: { maxBytes: 0, maxFiles: 1 },
  input: true,
  inputOnce: true,
};
const keeper = new List("keeper");
const container = new List("container");
const leaving = new List("leaving");
const self = openSelf(keeper);
keeper.step("lock the record", "for the test");
const lock = keeper.call("openat", AT_FDCWD, "record", O_RDWR_CLOEXEC);
keeper.call("flock", lock, LOCK_EX_NB);
const opened = openSupervision(keeper, request, { terminal: false, lock, layout: undefined });
const pipes = openPipes(keeper);
keeper.step("new process", "for the test");
const pid = keeper.add(new Clone(cloneArgs(0), container));
keeper.call("close", pipes.stdout.write);
keeper.call("close", pipes.stderr.write);
opened.cloned();
usePipes(container, pipes);
if (opened.stdin !== undefined) useInput(container, opened.stdin);
dieWithKeeper(container, self);
container.step("execute", "for the test");
container.add(new Exec(["/bin/sh"], ["sh", "./program"], ["PATH=/usr/bin:/bin"]));
keeper.step("keep", "for the test");
const relays = relaysOf(keeper, undefined, pipes, {
  stdin: opened.stdin?.write,
  logged: true,
  detached: true,
});
keeper.add(new Keep({ pid, relays, supervision: opened.supervision(undefined) }));
removeTraces(leaving, request, undefined);
const plan = { keeper, cleanup: new List("afterwards"), exports: new Map(), leaving, detaches: true };
const folder = import.meta.dirname;
writeFileSync(join(folder, "plan"), encode(plan, { arch: "x86_64" }).bytes);
copyFileSync(join(folder, "../../dist/keeper"), join(folder, "keeper"));
