import { Check, type List, Memory, type Result } from "../../plan/index.ts";

/** What a file says at some place, by which it is told from others of its name. */
export interface FileMark {
  /** In bytes from its beginning. */
  readonly at: number;
  /** A multiple of four ASCII characters. */
  readonly text: string;
}

const AT_FDCWD = -100;
const O_RDWR_CLOEXEC = 0o2000002;
const LOCK_EX_NB = 6;

/**
 * Opens a container's record and locks it (flock(2)).
 *
 * Whoever takes the container for dead renames the record first, and somebody may have started it anew since: then
 * nothing of it may be made or removed any more.
 *
 * @param mark what tells this record from another one of the same name; absent: there never is another
 */
export function holdLock(keeper: List, path: string, mark: FileMark | undefined): Result {
  keeper.step("lock the record", "by this lock others see that the container has a keeper", () => NOT_NEEDED);
  const open = (): Result => {
    const fd = keeper.call("openat", AT_FDCWD, path, O_RDWR_CLOEXEC).about(`${path}, which was cleared up`);
    if (mark !== undefined) findMark(keeper, fd, mark, `${path}, which is another run's by now`);
    return fd;
  };
  const fd = open();
  keeper.call("flock", fd, LOCK_EX_NB).about(`${path}: another keeper has this container`);
  keeper.call("close", open());
  return fd;
}

function findMark(keeper: List, fd: Result, { at, text }: FileMark, object: string): void {
  const bytes = new TextEncoder().encode(text);
  const wanted = new DataView(bytes.buffer);
  const found = new Memory(bytes.length);
  keeper.call("pread64", fd, found, bytes.length, at).about(object);
  for (let word = 0; word < bytes.length; word += 4)
    keeper.add(new Check(found, word, "u32", wanted.getUint32(word, true), "ESTALE", 0xffffffff, object));
}

/** For scripts, which keep no record of what they make. */
const NOT_NEEDED = "#   not needed here";
