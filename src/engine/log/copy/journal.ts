import { connectUnix, type UnixConnection } from "../../../platform/unix-connection.ts";
import { STDERR } from "../frame.ts";
import type { LineSink } from "./json-file.ts";

/** Where systemd-journald takes lines of text (systemd-cat(1)). */
const JOURNAL_SOCKET = "/run/systemd/journal/stdout";
/** syslog(3): errors are what comes from a program's standard error. */
const [ERROR, INFORMATION] = [3, 6];

/**
 * Sends lines to systemd-journald, which keeps them with SYSLOG_IDENTIFIER and a priority: `journalctl -t NAME`.
 *
 * @param identifier the log's tag, usually the container's name
 * @throws HuskError "not-found" where no journald listens
 */
export async function openJournal(identifier: string, path: string = JOURNAL_SOCKET): Promise<LineSink> {
  const connect = async (priority: number): Promise<UnixConnection> => {
    const connection = await connectUnix(path, { received() {}, closed() {} });
    // Identifier, unit, priority, whether lines have priorities of their own, and where else they go: nowhere.
    await connection.write(
      new TextEncoder().encode(`${identifier.replace(/[\n\0]/g, " ")}\n\n${priority}\n0\n0\n0\n0\n`),
    );
    return connection;
  };
  const [output, errors] = [await connect(INFORMATION), await connect(ERROR)];
  let last: Promise<unknown> = Promise.resolve();
  return {
    write({ stream, bytes }) {
      const line = new Uint8Array(bytes.length + 1);
      line.set(bytes);
      line[bytes.length] = 10;
      last = (stream === STDERR ? errors : output).write(line);
    },
    flush: async () => void (await last),
    end: () => undefined,
    close() {
      output.close();
      errors.close();
    },
  };
}
