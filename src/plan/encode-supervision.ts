import { utf8 } from "../platform/utf8.ts";
import type { Supervision } from "./keeping.ts";
import { Memory, type Result } from "./plan.ts";

/** Gives parts of a plan their place, and tells where it is. */
export interface Places {
  slot(result: Result): number;
  place(memory: Memory): number;
  /** Texts behind an array of their addresses that ends in 0, as argv(7). */
  texts(texts: readonly string[]): number;
}

const INPUT_ONCE = 1;
const RESTARTS = { never: 0, always: 2, "on-failure": 4 } as const;

/** `struct supervision` of native/keeper.h: all words of 32 bits. */
export function encodeSupervision(
  supervision: Supervision,
  exports: readonly { readonly name: string; readonly bytes: number }[],
  { slot, place, texts }: Places,
): Memory {
  const { log, died, restart, health, finish, detachKeys } = supervision;
  const descriptor = (result: Result | undefined): number => (result === undefined ? 0 : slot(result) + 1);
  const text = (content: string | Uint8Array | undefined): [number, number] => {
    if (content === undefined || content.length === 0) return [0, 0];
    const bytes = typeof content === "string" ? utf8.encode(content) : content;
    return [place(new Memory(bytes)), bytes.length];
  };
  const program = (command: readonly string[] | undefined): number =>
    command === undefined ? 0 : texts(command);
  const maxBytes = log?.maxBytes ?? 0;
  const words = Uint32Array.of(
    (supervision.inputOnce === true ? INPUT_ONCE : 0) | RESTARTS[restart?.applies ?? "never"],
    slot(supervision.launched) + 1,
    descriptor(supervision.listener),
    descriptor(supervision.input),
    descriptor(log?.directory),
    descriptor(log?.file),
    descriptor(supervision.exit),
    descriptor(supervision.lock),
    descriptor(supervision.groupsOutside?.[0]),
    descriptor(supervision.groupsOutside?.[1]),
    log?.maxFiles ?? 0,
    maxBytes >>> 0,
    Math.floor(maxBytes / 0x100000000),
    ...text(died === undefined ? undefined : `${died.journal}\0`),
    ...text(died?.before),
    ...text(died?.after),
    texts(supervision.environment ?? []),
    program(restart?.command),
    program(finish),
    program(health?.command),
    restart?.delayMilliseconds ?? 0,
    health?.intervalMilliseconds ?? 0,
    health?.startPeriodMilliseconds ?? 0,
    health?.startIntervalMilliseconds ?? 0,
    ...text(detachKeys),
    ...text(JSON.stringify(exports.map(({ name, bytes }) => [name, bytes]))),
  );
  return new Memory(new Uint8Array(words.buffer));
}
