import { HuskError } from "../platform/error.ts";
import { type ContainerStream, type KeeperProcess, startKeeper } from "../platform/keeper-process.ts";
import {
  decodeReport,
  type EncodedPlan,
  encode,
  type EncodeOptions,
  type Plan,
  type Report,
} from "../plan/index.ts";

export interface LaunchOptions extends EncodeOptions {
  /** The keeper's executable. */
  readonly keeper: string;
  /** Container id: shown beside the keeper in process lists. */
  readonly id: string;
  /** A folder of husk's own for the report's nameless file. */
  readonly reportDirectory: string;
  /** Folders for it where that one's disk is full. */
  readonly otherDirectories?: readonly string[];
  readonly stdin: ContainerStream;
  readonly stdout: ContainerStream;
  readonly stderr: ContainerStream;
  /** Descriptors of this process that the container's program gets as 3, 4, …. */
  readonly descriptors?: readonly number[];
  /** The program stays in the caller's session, with the caller's terminal. */
  readonly foreground?: boolean;
  /** Is told the encoded plan, whose operations have their places now, before the keeper is started. */
  readonly encoded?: (plan: EncodedPlan) => void;
}

/** A container that has been handed to its keeper. */
export interface Launched {
  readonly keeper: KeeperProcess;
  readonly encoded: EncodedPlan;
  /** Resolves when the keeper has ended; see {@link KeeperOutcome}. */
  readonly outcome: Promise<KeeperOutcome>;
}

/**
 * How it went: a report, or "lost" when the keeper itself was killed (the container died with it). `sent`, if not 0,
 * is a signal for the container that came before there was one, so it ended the keeper.
 */
export type KeeperOutcome =
  | { readonly kind: "reported"; readonly report: Report }
  | { readonly kind: "lost"; readonly signal: string; readonly sent: number };

/**
 * Hands a plan to a keeper.
 *
 * @throws HuskError "failed" when no keeper can be started
 */
export async function launch(plan: Plan, options: LaunchOptions): Promise<Launched> {
  const encoded = encode(plan, { ...options, preserve: options.descriptors?.length ?? 0 });
  options.encoded?.(encoded);
  const keeper = await startKeeper({
    program: options.keeper,
    name: options.id,
    reportDirectory: options.reportDirectory,
    otherDirectories: options.otherDirectories,
    plan: encoded.bytes,
    stdin: options.stdin,
    stdout: options.stdout,
    stderr: options.stderr,
    ...(options.descriptors === undefined ? {} : { preserve: options.descriptors }),
    ...(options.foreground === undefined ? {} : { foreground: options.foreground }),
  });
  const outcome = keeper.ended.then(({ status, signal, sent, report }): KeeperOutcome => {
    if (signal !== undefined) return { kind: "lost", signal, sent };
    const decoded = decodeReport(report, encoded);
    if (decoded === undefined) {
      throw new HuskError(
        "failed",
        `the keeper of ${options.id} ended with status ${status} and without a report`,
        {
          hint: "its own message stands above; a report file needs space in the folder of --run",
        },
      );
    }
    return { kind: "reported", report: decoded };
  });
  return { keeper, encoded, outcome };
}
