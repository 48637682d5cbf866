// By-hand commands at a terminal: it belongs to the program, as with any program that a shell starts.
import { describe, expect } from "bun:test";
import { engine, huskPath, isAsleep, needs, openTerminal, waitFor } from "./harness/index.ts";

const asRoot = needs({ root: true });

function atTerminal(...words: readonly string[]) {
  const { root, run } = engine();
  return openTerminal(words, { env: { HUSK_ROOT: root, HUSK_RUN: run, PS1: "in> ", SHELL: "/bin/bash" } });
}

describe("the caller's terminal", () => {
  asRoot("Ctrl-C reaches the program once, and husk lives on to pass on its status", async () => {
    const script = "trap 'echo GOT' INT; trap 'exit 7' USR2; echo ready; while :; do sleep 0.05; done";
    const terminal = atTerminal(huskPath, "unshare", "--uts", "bash", "-c", script);
    await terminal.shows("ready");
    terminal.type("\x03");
    await terminal.shows("GOT");
    await Bun.sleep(200);
    process.kill(terminal.pid, "SIGUSR2");
    expect(await terminal.exit()).toBe(7);
    expect(terminal.output().match(/GOT/g)).toEqual(["GOT"]);
  });

  asRoot("a shell has job control: Ctrl-Z stops what runs in it, fg goes on", async () => {
    const terminal = atTerminal(
      huskPath,
      "unshare",
      "--mount-proc",
      "--pid",
      "--fork",
      "bash",
      "--norc",
      "-i",
    );
    await terminal.shows("in> ");
    terminal.type("tty; sleep 100\r");
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x1a");
    await terminal.shows("Stopped");
    terminal.type("fg\r");
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x03");
    await waitFor("its end", () => !isAsleep(terminal.pid, "sleep"));
    terminal.type("exit 5\r");
    expect(await terminal.exit()).toBe(5);
    expect(terminal.output()).toContain("/dev/pts/");
    expect(terminal.output()).not.toContain("no job control");
  });

  asRoot("Ctrl-Z in the caller's shell stops husk with its program", async () => {
    const { root, run } = engine();
    const terminal = openTerminal(["bash", "--norc", "-i"], {
      env: { HUSK_ROOT: root, HUSK_RUN: run, PS1: "out> " },
    });
    await terminal.shows("out> ");
    terminal.type(`${huskPath} unshare --uts sleep 77.7\r`);
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x1a");
    await terminal.shows("Stopped");
    terminal.type("fg\r");
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x03");
    await waitFor("its end", () => !isAsleep(terminal.pid, "sleep"));
    terminal.type("echo status $?\r");
    await waitFor("the status", () => /status \d+/.test(terminal.output().replace("status $?", "")));
    expect(terminal.output()).toContain("status 130");
    terminal.type("exit\r");
    await terminal.exit();
  });
});
