import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { type ContainerStream, type KeeperOptions, type KeeperProcess, toKeeper } from "./keeper-process.ts";

/** {@link startKeeper} on Node: the plan goes through a pipe instead of a memfd. */
export function startOnNode(
  options: KeeperOptions,
  report: number,
  readReport: (fd: number) => Uint8Array,
): Promise<KeeperProcess> {
  const ownInput = options.stdin === "ignore" ? openSync("/dev/null", "r") : undefined;
  const input = (ownInput ?? options.stdin) as Exclude<ContainerStream, "ignore">;
  const child = spawn(options.program, [options.name], {
    argv0: "husk-keeper",
    env: {},
    // A session of its own: keys of the terminal reach husk, which passes signals on, and not the keeper as well.
    detached: options.foreground !== true,
    stdio: ["pipe", options.stdout, options.stderr, input, report, ...(options.preserve ?? [])],
  });
  if (ownInput !== undefined) closeSync(ownInput);
  const plan = child.stdio[0] as Writable;
  plan.on("error", () => {}); // a keeper that refuses the plan closes its end: its report and status tell
  plan.end(options.plan);
  const output = (index: 1 | 2): ReadableStream<Uint8Array> | undefined => {
    const stream = child.stdio[index] as Readable | null;
    return stream === null ? undefined : (Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>);
  };
  const stdin = options.stdin === "pipe" ? (child.stdio[3] as Writable) : undefined;
  let sent = 0;
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      resolve({
        pid: child.pid as number,
        stdin: stdin === undefined ? undefined : (Writable.toWeb(stdin) as WritableStream<Uint8Array>),
        stdout: output(1),
        stderr: output(2),
        kill: (signal) => {
          sent = signal;
          child.kill(toKeeper(signal) as unknown as NodeJS.Signals);
        },
        ended: new Promise((ended) => {
          child.once("exit", (status, signal) => {
            ended({ status: status ?? 128, signal: signal ?? undefined, sent, report: readReport(report) });
          });
        }),
      });
    });
  });
}
