// Containers with a life of their own, planned and launched without the commands that manage them.
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../src/engine/id.ts";
import { prepareContainer } from "../src/engine/prepare.ts";
import type { RunOptions } from "../src/engine/run-options.ts";
import type { Report } from "../src/plan/index.ts";
import { decodeExitRecord, type ExitRecord } from "./exit-record.ts";
import type { ContainerStream } from "../src/platform/keeper-process.ts";
import { launch, type Launched } from "../src/runtime/launch.ts";
import { planContainer } from "../src/runtime/plan-container.ts";
import type { SupervisionRequest } from "../src/runtime/process/supervision.ts";
import { repository, temporaryFolder, waitFor } from "./harness/index.ts";

const keeperPath = join(repository, "dist/keeper");

export interface KeptOptions {
  readonly run?: Partial<RunOptions>;
  readonly supervision?: Partial<SupervisionRequest>;
  /** Absent: detached. */
  readonly attached?: { readonly stdin?: ContainerStream; readonly stdout?: ContainerStream };
  /** Absent: a new one. */
  readonly folder?: string;
  readonly keeper?: string;
  /** Where the report's nameless file is; absent: in `folder`. */
  readonly reports?: string;
}

export interface KeptContainer {
  readonly folder: string;
  readonly socket: string;
  readonly launched: Launched;
  readonly report: () => Promise<Report>;
  readonly exit: () => ExitRecord;
  /** The keeper's process; undefined when it is gone. */
  readonly keeper: () => number | undefined;
  readonly logged: (stream?: number) => string;
  readonly ended: () => Promise<ExitRecord>;
}

const started: KeptContainer[] = [];
/** To the keeper it means SIGKILL for the container. */
const SIGSTKFLT = 16;

/** Ends what a failed test has left; to be called after the last one. */
export function endKept(): void {
  for (const container of started.splice(0)) {
    if (!existsSync(container.socket)) continue;
    const keeper = container.keeper();
    if (keeper !== undefined) process.kill(keeper, SIGSTKFLT);
  }
}

/** Starts `sh -c script` in the image host, kept by its keeper. */
export async function keep(
  script: string | readonly string[],
  options: KeptOptions = {},
): Promise<KeptContainer> {
  const folder = options.folder ?? temporaryFolder("kept", 0o700);
  mkdirSync(folder, { recursive: true });
  const id = newId();
  const detached = options.attached === undefined;
  const { request } = await prepareContainer(
    {
      source: { kind: "host", with: [] },
      command: typeof script === "string" ? ["sh", "-c", script] : script,
      network: "none",
      ...options.run,
    } as RunOptions,
    { id },
  );
  const lockFile = join(folder, "record");
  writeFileSync(lockFile, "");
  const socket = join(folder, "sock");
  const { callerPid, ...rest } = request;
  const planned = planContainer({
    ...rest,
    ...(detached || callerPid === undefined ? {} : { callerPid }),
    lockFile,
    pidFile: join(folder, "pid"),
    supervision: {
      detached,
      folder,
      socket,
      log: { maxBytes: 0, maxFiles: 1 },
      ...options.supervision,
    },
  });
  const launched = await launch(planned.plan, {
    keeper: options.keeper ?? keeperPath,
    id: id.slice(0, 12),
    reportDirectory: options.reports ?? folder,
    stdin: options.attached?.stdin ?? "ignore",
    stdout: options.attached?.stdout ?? "ignore",
    stderr: "ignore",
  });
  const report = async (): Promise<Report> => {
    const outcome = await launched.outcome;
    if (outcome.kind === "lost") throw new Error("the keeper was killed");
    return outcome.report;
  };
  const exit = (): ExitRecord => {
    const record = decodeExitRecord(new Uint8Array(readFileSync(join(folder, "exit"))));
    if (record === undefined || record === "newer") throw new Error("no exit record");
    return record;
  };
  const keeper = (): number | undefined => holderOf(lockFile);
  const container: KeptContainer = {
    folder,
    socket,
    launched,
    report,
    exit,
    keeper,
    logged: (stream = 1) =>
      frames(folder)
        .filter((frame) => frame.stream === stream)
        .map((frame) => frame.bytes.toString("latin1"))
        .join(""),
    async ended() {
      if (detached) await report();
      await waitFor("the container's end", () => ["ended", "failed"].includes(exit().state), 20_000);
      await waitFor("the keeper's end", () => keeper() === undefined);
      return exit();
    },
  };
  started.push(container);
  return container;
}

/** What the descriptors of a process stand for; of another user's process: nothing. */
export function descriptors(pid: number): string[] {
  let numbers: string[];
  try {
    numbers = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  const names: string[] = [];
  for (const fd of numbers) {
    try {
      names.push(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // closed meanwhile
    }
  }
  return names;
}

/** The keeper that has a file open. */
export function holderOf(file: string): number | undefined {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/comm`, "latin1") !== "husk-keeper\n") continue;
    } catch {
      continue; // it has ended meanwhile
    }
    if (descriptors(Number(entry)).includes(file)) return Number(entry);
  }
  return undefined;
}

export interface Frame {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly stream: number;
  readonly bytes: Buffer;
}

/** The frames of a container's logs, oldest first; a test's own reading of docs/state.md. */
export function frames(folder: string): Frame[] {
  const found: Frame[] = [];
  const logs = readdirSync(folder)
    .filter((name) => /^log(\.\d+)?$/.test(name))
    .toSorted((a, b) => Number(b.slice(4) || 0) - Number(a.slice(4) || 0));
  for (const name of logs) found.push(...wholeFrames(join(folder, name)));
  return found;
}

/** The frames of a file whose last one may just be being written: whoever reads then sees a part of it. */
function wholeFrames(path: string): Frame[] {
  for (let turn = 0; ; turn++) {
    try {
      return framesOf(readFileSync(path));
    } catch (error) {
      if (turn === 100) throw error;
      Bun.sleepSync(10);
    }
  }
}

export function framesOf(content: Buffer): Frame[] {
  const found: Frame[] = [];
  for (let at = 0; at < content.length; ) {
    if (at + 16 > content.length) throw new Error(`a torn frame at ${at}`);
    const length = content.readUInt32LE(at + 8);
    if (content.readUInt16LE(at + 14) !== 0 || at + 16 + length > content.length)
      throw new Error(`a torn frame at ${at}`);
    found.push({
      time: Number(content.readBigUInt64LE(at)) / 1e6,
      stream: content[at + 12] as number,
      bytes: content.subarray(at + 16, at + 16 + length),
    });
    at += 16 + length;
  }
  return found;
}
