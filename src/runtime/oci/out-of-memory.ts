import { existsSync, readFileSync, watch } from "node:fs";
import { List, Memory } from "../../plan/index.ts";
import type { Runtime } from "./create.ts";
import { performList } from "./small-plan.ts";

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const O_WRONLY_CLOEXEC = 0o2000001;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const LOOK_MS = 200;
/** Numbers the kernel is told in text. */
const [EVENTS, CONTROL] = [100, 101];

/**
 * Tells each time the kernel finds no more memory for a container's group, until the container has stopped (v2) or the
 * group is gone (v1).
 *
 * @param stopped is asked whether to go on
 */
export async function watchOutOfMemory(
  runtime: Runtime,
  groups: readonly string[],
  tell: () => void,
  stopped: () => boolean,
): Promise<void> {
  const v1 = groups.find((group) => existsSync(`${group}/memory.oom_control`));
  if (v1 === undefined) return watchUnified(groups, tell, stopped);
  while (!stopped()) {
    const list = new List("events");
    list.step("wait for a lack of memory", "the kernel tells through a descriptor (cgroup-v1/memory.rst)");
    list.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    list.call("dup3", list.call("eventfd2", 0, O_CLOEXEC), EVENTS, O_CLOEXEC);
    const control = list.call("openat", AT_FDCWD, `${v1}/memory.oom_control`, O_CLOEXEC, 0).about(v1);
    list.call("dup3", control, CONTROL, O_CLOEXEC);
    const register = list
      .call("openat", AT_FDCWD, `${v1}/cgroup.event_control`, O_WRONLY_CLOEXEC, 0)
      .about(v1);
    const text = `${EVENTS} ${CONTROL}`;
    list.call("write", register, text, text.length).expect(text.length).about(v1);
    list.call("read", EVENTS, new Memory(8), 8).expect(8);
    try {
      await performList(runtime, list);
    } catch (error) {
      if (!existsSync(v1)) return;
      throw error;
    }
    // The end of the group wakes who waits, too.
    if (!existsSync(`${v1}/memory.oom_control`)) return;
    tell();
  }
}

/** A file that counts, and wakes who watches it; the last one may come with the end. */
async function watchUnified(
  groups: readonly string[],
  tell: () => void,
  stopped: () => boolean,
): Promise<void> {
  const file = groups.map((group) => `${group}/memory.events`).find(existsSync);
  if (file === undefined) return;
  let last = 0;
  const look = (): void => {
    let text: string;
    try {
      text = readFileSync(file, "latin1");
    } catch {
      return; // The group is gone.
    }
    const now = Number(/^oom_kill (\d+)/m.exec(text)?.[1] ?? 0);
    if (now > last) tell();
    last = now;
  };
  const watcher = watch(file, { persistent: false }, look);
  while (!stopped()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  watcher.close();
  look();
}
