import { readFileSync } from "node:fs";
import type { WatchedProcess } from "../../engine/processes/watch.ts";
import { startTimeOf } from "../../platform/process-identity.ts";
import { print } from "../byte-output.ts";
import { parseSignal } from "../values/signal.ts";
import { pressKey } from "./keys.ts";
import { FIRST_VIEW, linesOf, type Machine, screen, type View } from "./view.ts";

const RENEW_MILLISECONDS = 1000;
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const TO_LINE_END = "\u001b[K";

/** What is being typed at the foot of the screen. */
interface Prompt {
  readonly label: string;
  readonly text: string;
  done(text: string): void;
}

/**
 * Shows processes on the whole screen, renewed every second, until the person at it has enough.
 *
 * @param look the processes as they are now
 */
export async function fullScreen(look: () => WatchedProcess[]): Promise<void> {
  const { stdin, stdout } = process;
  let view: View = FIRST_VIEW;
  let processes = look();
  let message = "";
  let prompt: Prompt | undefined;
  const machine = machineWatch();
  let state = machine();
  const draw = (): void => {
    const lines = linesOf(processes, view);
    const size = { columns: stdout.columns || 80, rows: stdout.rows || 24 };
    const foot = prompt === undefined ? message : `${prompt.label}${prompt.text}`;
    const text = screen(lines, view, state, size, foot).replaceAll("\n", `${TO_LINE_END}\r\n`);
    print(`${HOME}${text}${TO_LINE_END}`);
  };
  const renew = (): void => {
    processes = look();
    state = machine();
    draw();
  };
  const kill = (): void => {
    const lines = linesOf(processes, view);
    const target = (lines.find(({ process: { pid } }) => pid === view.selected) ?? lines[0])?.process;
    if (target === undefined) return;
    prompt = {
      label: `signal for ${target.pid} (${target.command.slice(0, 30)}) [TERM]: `,
      text: "",
      done: (text) => {
        message = sendSignal(target, text === "" ? "TERM" : text);
      },
    };
  };
  const search = (): void => {
    prompt = {
      label: "search: ",
      text: "",
      done: (text) => {
        view = { ...view, search: text };
      },
    };
  };
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<void>((finish, fail) => {
    /** What fails meanwhile ends the view like everything else, with the terminal as it was. */
    const guarded =
      <T extends readonly unknown[]>(act: (...given: T) => void) =>
      (...given: T): void => {
        try {
          act(...given);
        } catch (error) {
          fail(error as Error);
        }
      };
    const type = (bytes: Buffer): void => {
      for (const key of keysOf(bytes.toString("utf8"))) {
        message = "";
        if (prompt !== undefined) {
          prompt = typeInto(prompt, key);
          continue;
        }
        const pids = linesOf(processes, view).map(({ process: { pid } }) => pid);
        const pressed = pressKey(key, view, pids);
        view = pressed.view;
        if (pressed.action === "quit") return finish();
        if (pressed.action === "kill") kill();
        if (pressed.action === "search") search();
      }
      draw();
    };
    timer = setInterval(guarded(renew), RENEW_MILLISECONDS);
    stdin.setRawMode(true);
    stdin.on("data", guarded(type));
    stdin.on("end", finish);
    stdout.on("resize", guarded(draw));
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => finish());
    guarded(() => {
      print(ENTER);
      draw();
    })();
  });
  try {
    await ended;
  } finally {
    clearInterval(timer);
    stdin.removeAllListeners("data");
    stdin.setRawMode(false);
    stdin.pause();
    print(LEAVE);
  }
}

/** Single keys of what came at once; sequences begin with the escape character. */
function keysOf(text: string): string[] {
  // eslint-disable-next-line no-control-regex
  return text.match(/\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/gu) ?? [];
}

function typeInto(prompt: Prompt, key: string): Prompt | undefined {
  if (key === "\r" || key === "\n") {
    prompt.done(prompt.text);
    return undefined;
  }
  if (key === "\u001b" || key === "\u0003") return undefined;
  if (key === "\u007f" || key === "\b") return { ...prompt, text: prompt.text.slice(0, -1) };
  return key >= " " && key.length === 1 ? { ...prompt, text: prompt.text + key } : prompt;
}

/** Sends a signal to that very process; says what came of it. */
function sendSignal({ pid, startTime }: WatchedProcess, text: string): string {
  try {
    const signal = parseSignal("signal", text);
    if (startTimeOf(pid) !== startTime) return `process ${pid} has ended`;
    process.kill(pid, signal);
    return `sent ${text} to ${pid}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function machineWatch(): () => Machine {
  let before: number[] | undefined;
  return () => {
    const now = (readFileSync("/proc/stat", "latin1").split("\n")[0] ?? "").split(/\s+/).slice(1).map(Number);
    const deltas = now.map((value, i) => value - (before?.[i] ?? 0));
    before = now;
    const all = deltas.slice(0, 8).reduce((sum, value) => sum + value, 0);
    const idle = (deltas[3] ?? 0) + (deltas[4] ?? 0);
    const memory = readFileSync("/proc/meminfo", "latin1");
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(memory)?.[1] ?? 0) * 1024;
    const memoryTotal = bytes("MemTotal");
    return {
      cpuPercent: all === 0 ? 0 : (100 * (all - idle)) / all,
      memoryUsed: memoryTotal - bytes("MemAvailable"),
      memoryTotal,
    };
  };
}
