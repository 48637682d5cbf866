import { Clone, cloneArgs, List, Memory, Wait } from "../plan/index.ts";
import { type IdMapWriter, writeIdMaps } from "./id-map.ts";
import { namespaceFlags, type LinuxIdMapping } from "./types.ts";

const O_CLOEXEC = 0o2000000;
const WRITER_MILLISECONDS = 30_000;

/** Ids of a user namespace, and who writes its maps. */
export interface OwnIds {
  readonly uids: readonly LinuxIdMapping[];
  readonly gids: readonly LinuxIdMapping[];
  readonly writer: IdMapWriter;
}

/**
 * The process of this list becomes root of a new user namespace, and may then do with files whatever root may, as far
 * as their owners are mapped. The maps can be written from outside only (user_namespaces(7)): a child that stays
 * there does it.
 */
export function enterUserNamespace(list: List, { uids, gids, writer }: OwnIds): void {
  list.step("own user namespace", "files may belong to all ids that are this user's");
  const pid = list.call("getpid");
  const ends = new Memory(8);
  list.call("pipe2", ends, O_CLOEXEC);
  const read = list.load(ends, 0);
  const write = list.load(ends, 4);
  const mapper = new List("mapper");
  mapper.step("wait for the namespace", "there is none to map before");
  mapper.call("close", write);
  mapper.call("read", read, new Uint8Array(8), 1).expect(1).about("the keeper's sign");
  writeIdMaps(mapper, pid, uids, gids, writer);
  const child = list.add(new Clone(cloneArgs(0), mapper));
  list.call("unshare", namespaceFlags.user).about("a user namespace");
  list.call("write", write, "+", 1).expect(1);
  list.call("close", write);
  list.call("close", read);
  list.add(new Wait(child, WRITER_MILLISECONDS)).object = "the maps of the user namespace";
  list.call("setresgid", 0, 0, 0).about("gid 0 of the user namespace");
  list.call("setresuid", 0, 0, 0).about("uid 0 of the user namespace");
}
