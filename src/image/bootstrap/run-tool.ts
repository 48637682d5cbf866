import { closeSync, openSync, readSync } from "node:fs";
import { namespaceFlags } from "../../namespace/index.ts";
import { Clone, cloneArgs, Exec, failureError, findFailure, Init, Keep, List } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { makeRootPrivate } from "../../rootfs/index.ts";
import { launch } from "../../runtime/launch.ts";
import { dieWithKeeper, openCaller, openSelf } from "../../runtime/process/lifetime.ts";
import type { KeeperTools } from "../layer/index.ts";

const SIGTERM = 15;
const SIGKILL = 9;
const LOOK_MILLISECONDS = 200;
const LAST_BYTES = 64 << 10;

/** A program that makes a system. */
export interface ToolRun {
  readonly command: readonly string[];
  readonly env: readonly string[];
  /** Mounts and processes of its own, which end with it: for root. */
  readonly apart: boolean;
  /** Absolute path for its output. */
  readonly log: string;
  /** Is told each line of its output. */
  readonly line: (text: string) => void;
  /** Gets what ends it before its time. */
  readonly started?: (stop: () => void) => void;
}

/**
 * Runs a tool to its end. With the process that calls this, or its keeper, it ends too, whatever it has started:
 * nothing it mounts is seen outside, and nothing of it goes on.
 *
 * @throws HuskError with the tool's own words
 */
export async function runTool(run: ToolRun, tools: KeeperTools): Promise<void> {
  const plan = toolPlan(run);
  const log = openSync(run.log, "wx+", 0o600);
  let seen = 0;
  let rest = "";
  const look = (): void => {
    const piece = new Uint8Array(LAST_BYTES);
    for (let count = readSync(log, piece, 0, piece.length, seen); count > 0; ) {
      seen += count;
      const lines = (rest + Buffer.from(piece.subarray(0, count)).toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) run.line(line);
      count = readSync(log, piece, 0, piece.length, seen);
    }
  };
  const timer = setInterval(look, LOOK_MILLISECONDS);
  try {
    const { outcome, encoded, keeper } = await launch(plan, {
      keeper: tools.keeper,
      id: "bootstrap",
      reportDirectory: tools.reportDirectory,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
    run.started?.(() => keeper.kill(run.apart ? SIGKILL : SIGTERM));
    const ended = await outcome;
    look();
    if (ended.kind === "lost") throw new HuskError("failed", `husk's keeper was killed (${ended.signal})`);
    const { report } = ended;
    if (report.outcome === "failed") {
      const failure = findFailure(plan, encoded.operations, report);
      if (failure !== undefined) throw failureError(failure);
      throw new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
    }
    if (report.exitCode !== 0) throw toolError(run, log, report.exitCode, report.exitSignal);
  } finally {
    clearInterval(timer);
    closeSync(log);
  }
}

function toolPlan({ command, env, apart }: ToolRun): Parameters<typeof launch>[0] {
  const keeper = new List("keeper");
  const tool = new List("tool");
  const self = openSelf(keeper);
  const caller = openCaller(keeper, process.pid);
  keeper.step(
    apart ? "mounts and processes of its own" : "a process of its own",
    "what the tool mounts and starts ends with it",
  );
  const flags = apart ? namespaceFlags.mount | namespaceFlags.pid : 0;
  const pid = keeper.add(new Clone(cloneArgs(flags), tool));
  // Without a pid namespace the tool has to end by itself what it has started.
  dieWithKeeper(tool, self, apart ? SIGKILL : SIGTERM);
  const program = new Exec([command[0] as string], command, env);
  if (apart) {
    makeRootPrivate(tool);
    const inner = new List("program");
    inner.step("execute", "the tool begins");
    inner.add(program);
    tool.step("first process", "it takes care of what the tool leaves");
    tool.add(new Init(inner));
  } else {
    tool.step("execute", "the tool begins");
    tool.add(program);
  }
  keeper.step("wait", "until the tool has ended");
  keeper.add(new Keep({ pid, caller, forwardSignals: true }));
  return { keeper, cleanup: new List("afterwards"), exports: new Map() };
}

function toolError({ command }: ToolRun, log: number, status: number, signal: number): HuskError {
  const name = (command[0] ?? "").replace(/.*\//, "");
  const bytes = new Uint8Array(LAST_BYTES);
  const text = Buffer.from(bytes.subarray(0, readSync(log, bytes, 0, bytes.length, 0))).toString("utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const own = lines.filter((line) => /^(E|error):/i.test(line));
  const words = (own.length > 0 ? own : lines).slice(-3).join("; ") || "it said nothing";
  const how = signal > 0 ? `was ended by signal ${signal}` : `ended with status ${status}`;
  return new HuskError("failed", `${name} ${how}: ${words}`, {
    hint: "is the suite spelled rightly, is there a network, and does the mirror have it (--mirror)? Nothing is left of it",
  });
}
