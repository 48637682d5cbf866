import type { OwnIds } from "../../namespace/index.ts";
import { List, Memory, type Plan, type Result, Store } from "../../plan/index.ts";
import { type ByteString, displayName } from "../tar/index.ts";
import type { Finish } from "./finish.ts";
import { PathList, text } from "./path-list.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;

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
export function finishPlans(
  root: string,
  paths: ReadonlyMap<ByteString, Finish>,
  ids?: OwnIds,
): FinishPlan[] {
  const plans: FinishPlan[] = [];
  const times: [ByteString, NonNullable<Finish["times"]>][] = [];
  let builder = new PlanBuilder(root, ids);
  const next = (): PlanBuilder => {
    if (!builder.isFull) return builder;
    plans.push(builder.finish());
    builder = new PlanBuilder(root, ids);
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
  readonly #paths: PathList;
  readonly #attributes: [ByteString, ByteString][] = [];
  readonly #results: Result[] = [];

  constructor(root: string, ids: OwnIds | undefined) {
    const why = "devices, attributes and exact times are what JavaScript cannot make";
    this.#paths = new PathList(root, "finish the layer", why, ids);
  }

  get isFull(): boolean {
    return this.#paths.isFull;
  }

  add(path: ByteString, finish: Finish): void {
    const { node, link, owner, mode, xattrs } = finish;
    if (!node && !link && !owner && mode === undefined && !xattrs) return;
    const [folder, name] = this.#paths.parent(path);
    const { list, root } = this.#paths;
    const about = displayName(path);
    if (node !== undefined)
      list.call("mknodat", folder, text(name), node.mode, deviceNumber(node.major, node.minor)).about(about);
    if (link !== undefined) list.call("linkat", root, text(link), folder, text(name), 0).about(about);
    if (owner !== undefined)
      list.call("fchownat", folder, text(name), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW).about(about);
    if (mode !== undefined) list.call("fchmodat", folder, text(name), mode).about(about);
    this.#paths.count(4, 0);
    if (xattrs === undefined) return;
    this.#paths.enter(folder);
    for (const [attribute, value] of xattrs) {
      const call = list
        .call("lsetxattr", text(name), text(attribute), value, value.length, 0)
        .about(`${attribute} of ${about}`);
      // Marks for overlays of both kinds: this layer's own kind is there, or listed as lost.
      const isSpare =
        attribute.startsWith("user.overlay.") && xattrs.has(attribute.replace("user", "trusted"));
      if (isSpare || !attribute.includes(".overlay.")) call.accept("EOPNOTSUPP", "EPERM");
      else call.accept("EOPNOTSUPP");
      if (!isSpare) {
        this.#attributes.push([path, attribute]);
        this.#results.push(call);
      }
      this.#paths.count(2, value.length + attribute.length);
    }
  }

  setTimes(path: ByteString, { atime, mtime }: NonNullable<Finish["times"]>): void {
    const [folder, name] = this.#paths.parent(path);
    const both = new Uint8Array(32);
    const view = new DataView(both.buffer);
    for (const [at, time] of [
      [0, atime],
      [16, mtime],
    ] as const) {
      view.setBigInt64(at, BigInt(time.seconds), true);
      view.setBigInt64(at + 8, BigInt(time.nanoseconds), true);
    }
    this.#paths.list
      .call("utimensat", folder, text(name), both, AT_SYMLINK_NOFOLLOW)
      .about(displayName(path));
    this.#paths.count(1, 64);
  }

  finish(): FinishPlan {
    const words = new Memory(Math.max(4 * this.#results.length, 4));
    const { list } = this.#paths;
    for (const [i, result] of this.#results.entries()) list.add(new Store(result, words, 4 * i, "u32"));
    const plan = { keeper: list, cleanup: new List("afterwards"), exports: new Map([["xattrs", words]]) };
    return { plan, attributes: this.#attributes };
  }
}

/** Encoded as the kernel's new_encode_dev (linux/kdev_t.h). */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
