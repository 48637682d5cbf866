import { List, Memory, openHow, OPEN_HOW_BYTES, type Plan, type Result, Store } from "../../plan/index.ts";
import { type ByteString, displayName, isAscii } from "../tar/index.ts";
import type { Finish } from "./finish.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const FOLDER = 0o10000000 | 0o200000 | 0o2000000; // O_PATH | O_DIRECTORY | O_CLOEXEC
const BENEATH = 0x8 | 0x4 | 0x2; // RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
/** A plan has at most 65,535 operations and 64 MiB; a path needs about ten. */
const MOST_OPERATIONS = 40_000;
const MOST_BYTES = 16 << 20;

/** A plan, and what its report tells of attributes that the file system does not have. */
export interface FinishPlan {
  readonly plan: Plan;
  /** Path and attribute for each 32-bit word of the export "xattrs": 0 or a negative errno. */
  readonly attributes: readonly (readonly [path: ByteString, name: ByteString])[];
}

/**
 * Plans for what is left to do below `root`: nodes, links, owners, modes, attributes, and last of all times. Parents
 * are opened beneath the root without following any link.
 */
export function finishPlans(root: string, paths: ReadonlyMap<ByteString, Finish>): FinishPlan[] {
  const plans: FinishPlan[] = [];
  const times: [ByteString, NonNullable<Finish["times"]>][] = [];
  let builder = new PlanBuilder(root);
  const next = (): PlanBuilder => {
    if (!builder.isFull) return builder;
    plans.push(builder.finish());
    builder = new PlanBuilder(root);
    return builder;
  };
  for (const [path, finish] of paths) {
    next().add(path, finish);
    if (finish.times !== undefined) times.push([path, finish.times]);
  }
  // What is made in a folder changes its times.
  for (const [path, time] of times) next().setTimes(path, time);
  plans.push(builder.finish());
  return plans;
}

class PlanBuilder {
  readonly #list = new List("keeper");
  readonly #root: Result;
  readonly #attributes: [ByteString, ByteString][] = [];
  readonly #results: Result[] = [];
  #folder: { path: ByteString; fd: Result } | undefined;
  #operations = 1;
  #bytes = 0;

  constructor(root: string) {
    this.#list.step(
      "finish the layer",
      "devices, attributes and exact times are what JavaScript cannot make",
    );
    this.#root = this.#list
      .call("openat", AT_FDCWD, text(Buffer.from(root).toString("latin1")), FOLDER)
      .about(root);
  }

  get isFull(): boolean {
    return this.#operations > MOST_OPERATIONS || this.#bytes > MOST_BYTES;
  }

  add(path: ByteString, finish: Finish): void {
    const { node, link, owner, mode, xattrs } = finish;
    if (!node && !link && !owner && mode === undefined && !xattrs) return;
    const [folder, name] = this.#parent(path);
    const list = this.#list;
    const about = displayName(path);
    if (node !== undefined) {
      const device = deviceNumber(node.major, node.minor);
      list.call("mknodat", folder, text(name), node.mode, device).about(about);
    }
    if (link !== undefined) {
      list.call("linkat", this.#root, text(link), folder, text(name), 0).about(about);
      this.#operations++;
    }
    if (owner !== undefined)
      list.call("fchownat", folder, text(name), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW).about(about);
    if (mode !== undefined) list.call("fchmodat", folder, text(name), mode).about(about);
    this.#operations += 4;
    if (xattrs === undefined) return;
    // There is no setxattrat before Linux 6.13: names count from the working directory of the keeper.
    list.call("fchdir", folder).about(about);
    for (const [attribute, value] of xattrs) {
      const call = list
        .call("lsetxattr", text(name), text(attribute), value, value.length, 0)
        .about(`${attribute} of ${about}`);
      if (!attribute.includes(".overlay.")) call.accept("EOPNOTSUPP", "EPERM");
      this.#attributes.push([path, attribute]);
      this.#results.push(call);
      this.#operations += 2;
      this.#bytes += value.length + attribute.length;
    }
  }

  setTimes(path: ByteString, { atime, mtime }: NonNullable<Finish["times"]>): void {
    const [folder, name] = this.#parent(path);
    const both = new Uint8Array(32);
    const view = new DataView(both.buffer);
    for (const [at, time] of [
      [0, atime],
      [16, mtime],
    ] as const) {
      view.setBigInt64(at, BigInt(time.seconds), true);
      view.setBigInt64(at + 8, BigInt(time.nanoseconds), true);
    }
    this.#list.call("utimensat", folder, text(name), both, AT_SYMLINK_NOFOLLOW).about(displayName(path));
    this.#operations++;
    this.#bytes += 64;
  }

  finish(): FinishPlan {
    const words = new Memory(Math.max(4 * this.#results.length, 4));
    for (const [i, result] of this.#results.entries()) this.#list.add(new Store(result, words, 4 * i, "u32"));
    const plan = {
      keeper: this.#list,
      cleanup: new List("afterwards"),
      exports: new Map([["xattrs", words]]),
    };
    return { plan, attributes: this.#attributes };
  }

  #parent(path: ByteString): [Result, ByteString] {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    this.#bytes += path.length + 32;
    if (slash < 0) return [this.#root, name === "" ? "." : name];
    const folder = path.slice(0, slash);
    if (this.#folder?.path !== folder) {
      if (this.#folder !== undefined) this.#list.call("close", this.#folder.fd);
      const how = openHow(FOLDER, 0, BENEATH);
      const fd = this.#list
        .call("openat2", this.#root, text(folder), how, OPEN_HOW_BYTES)
        .about(displayName(folder));
      this.#folder = { path: folder, fd };
      this.#operations += 2;
    }
    return [this.#folder.fd, name];
  }
}

/** Encoded as the kernel's new_encode_dev (linux/kdev_t.h). */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** A string for a call: plans write text as UTF-8, so other bytes travel as such. */
export function text(name: ByteString): string | Uint8Array {
  return isAscii(name) ? name : Buffer.from(`${name}\0`, "latin1");
}
