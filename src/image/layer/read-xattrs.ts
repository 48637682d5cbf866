import { List, Memory, Store } from "../../plan/index.ts";
import type { ByteString } from "../tar/index.ts";
import { type KeeperTools, perform } from "./keeper-work.ts";
import { PathList, text } from "./path-list.ts";

/** Most values are short; a longer one is asked for again. XATTR_SIZE_MAX is 64 KiB. */
const SHORT_VALUE = 128;
const LONGEST_VALUE = 65536;
const ERANGE = 34;

interface Question {
  readonly path: ByteString;
  /** Absent: list the names. */
  readonly attribute?: ByteString;
  /** Bytes of room for the answer; 0 asks for its length only. */
  readonly room: number;
}

/**
 * Reads the extended attributes of files below a root, links not followed; files without any are not in the answer.
 *
 * @throws HuskError when a path is gone or may not be read
 */
export async function readXattrs(
  root: string,
  paths: readonly ByteString[],
  tools: KeeperTools,
): Promise<Map<ByteString, Map<ByteString, Uint8Array>>> {
  const lengths = await ask(
    root,
    paths.map((path) => ({ path, room: 0 })),
    tools,
  );
  const some = lengths.filter(({ length }) => length > 0);
  const lists = await ask(
    root,
    some.map(({ question, length }) => ({ path: question.path, room: length + 256 })),
    tools,
  );
  const wanted: Question[] = [];
  for (const { question, bytes } of lists)
    for (const attribute of Buffer.from(bytes).toString("latin1").split("\0"))
      if (attribute !== "") wanted.push({ path: question.path, attribute, room: SHORT_VALUE });
  const answers = await ask(root, wanted, tools);
  const long = answers.filter(({ length }) => length === -ERANGE);
  const more = await ask(
    root,
    long.map(({ question }) => ({ ...question, room: LONGEST_VALUE })),
    tools,
  );
  const found = new Map<ByteString, Map<ByteString, Uint8Array>>();
  for (const { question, bytes, length } of [...answers, ...more]) {
    if (length < 0 || question.attribute === undefined) continue;
    const own = found.get(question.path) ?? new Map<ByteString, Uint8Array>();
    found.set(question.path, own.set(question.attribute, bytes));
  }
  return found;
}

interface Answer {
  readonly question: Question;
  /** Bytes, or a negative errno. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

async function ask(root: string, questions: readonly Question[], tools: KeeperTools): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < questions.length; ) {
    const paths = new PathList(
      root,
      "read attributes",
      "JavaScript cannot read extended attributes",
      tools.ids,
    );
    const results: Store[] = [];
    const exports = new Map<string, Memory>();
    const start = from;
    const lengths = new Memory(4 * Math.min(questions.length - start, 20_000));
    exports.set("lengths", lengths);
    for (; from < questions.length && from - start < 20_000 && !paths.isFull; from++) {
      const { path, attribute, room } = questions[from] as Question;
      const [folder, name] = paths.parent(path);
      paths.enter(folder);
      const buffer = room === 0 ? null : new Memory(room);
      if (buffer !== null) exports.set(`${from}`, buffer);
      const call =
        attribute === undefined
          ? paths.list.call("llistxattr", text(name), buffer, room)
          : paths.list.call("lgetxattr", text(name), text(attribute), buffer, room);
      call.accept("EOPNOTSUPP", "ERANGE", "ENODATA").about(path);
      results.push(new Store(call, lengths, 4 * (from - start), "u32"));
      paths.count(2, room);
    }
    for (const result of results) paths.list.add(result);
    const report = await perform({ keeper: paths.list, cleanup: new List("afterwards"), exports }, tools);
    const words = report.exports.get("lengths") as Uint8Array;
    const view = new DataView(words.buffer, words.byteOffset, words.length);
    for (let i = start; i < from; i++) {
      const length = view.getInt32(4 * (i - start), true);
      const bytes = report.exports.get(`${i}`)?.slice(0, Math.max(length, 0)) ?? new Uint8Array();
      answers.push({ question: questions[i] as Question, length, bytes });
    }
  }
  return answers;
}
