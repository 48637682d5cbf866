// Runs JavaScript that nobody vouches for: without this machine's files, without a network, within limits.
import { type Engine, HuskError, type RunOutput } from "husk";

const IMAGE = "example/javascript-sandbox";
const MEGABYTE = 1 << 20;

export interface Verdict {
  /** `done`: it ended by itself, with `exitCode`. */
  readonly kind: "done" | "too slow" | "too much memory" | "too much output";
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** An image with the program that runs this very code (Bun or Node) and its libraries, and nothing else. */
export async function prepareSandbox(husk: Engine): Promise<void> {
  await husk.images.make(IMAGE, [process.execPath]);
}

/** Runs `code`; never rejects for what it does. `milliseconds` is how long it may take. */
export async function runUntrusted(husk: Engine, code: string, milliseconds: number): Promise<Verdict> {
  const runtime = process.execPath.split("/").at(-1) ?? "";
  let ended: RunOutput;
  try {
    ended = await husk.run(IMAGE, runtime.startsWith("bun") ? ["run", "-"] : ["-"], {
      stdin: code,
      timeout: milliseconds,
      maxOutput: MEGABYTE,
      log: { driver: "none" },
      user: { user: 65534, group: 65534 },
      network: "none",
      readOnly: true,
      mounts: [{ type: "tmpfs", target: "/scratch", options: [`size=${16 * MEGABYTE}`, "mode=1777"] }],
      workdir: "/scratch",
      capDrop: ["ALL"],
      securityOpt: { noNewPrivileges: true },
      memory: 256 * MEGABYTE,
      memorySwap: 256 * MEGABYTE,
      pidsLimit: 64,
      cpus: 1,
    });
  } catch (error) {
    if (!(error instanceof HuskError) || !error.message.includes("wrote more than")) throw error;
    return { kind: "too much output", exitCode: undefined, stdout: "", stderr: "" };
  }
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return {
    kind: ended.timedOut ? "too slow" : ended.outOfMemory ? "too much memory" : "done",
    exitCode: ended.exitCode,
    stdout: text(ended.stdout),
    stderr: text(ended.stderr),
  };
}
