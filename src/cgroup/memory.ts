import { sizeText } from "./convert.ts";
import type { Layout } from "./layout.ts";
import { need, onlyV1, type ResourceWrite } from "./resource-write.ts";
import type { LinuxMemory } from "./resources.ts";

/**
 * Writes for `memory`.
 *
 * v1 wants the limit before the limit of memory and swap, which must not be lower. v2 counts swap by
 * itself. `kernel` and `kernelTCP` count as memory anyway and have no file of their own any more.
 */
export function memoryWrites(writes: ResourceWrite[], memory: LinuxMemory, layout: Layout): void {
  const controller = "memory";
  const { limit = 0, swap = 0, reservation = 0, swappiness, disableOOMKiller } = memory;
  if (limit !== 0) {
    const object = limit < 0 ? "no memory limit" : `memory limit ${sizeText(limit)}`;
    const hierarchy = need(layout, controller, object);
    const why = "when the container wants more, the kernel kills one of its processes, none of the host's";
    if (hierarchy.version === 1)
      writes.push({ hierarchy, controller, file: "memory.limit_in_bytes", value: `${limit}`, object, why });
    else
      writes.push({
        hierarchy,
        controller,
        file: "memory.max",
        value: limit < 0 ? "max" : `${limit}`,
        object,
        why,
      });
  }
  if (swap !== 0) {
    const object = swap < 0 ? "unlimited swap" : `memory and swap limit ${sizeText(swap)}`;
    const hierarchy = need(layout, controller, object);
    if (hierarchy.version === 1) {
      const why = "memory and swap together: otherwise the container could fill the host's swap";
      writes.push({
        hierarchy,
        controller,
        file: "memory.memsw.limit_in_bytes",
        value: `${swap}`,
        object,
        why,
      });
    } else {
      const value = swap < 0 ? "max" : `${swap - limit}`;
      const why = `v2 counts swap alone: ${swap < 0 ? "no limit" : `${swap} - ${limit} = ${value}`}`;
      writes.push({ hierarchy, controller, file: "memory.swap.max", value, object, why });
    }
  }
  if (reservation !== 0) {
    const object = `memory reservation ${sizeText(reservation)}`;
    const hierarchy = need(layout, controller, object);
    if (hierarchy.version === 1) {
      const why = "when the host runs short, the container is pressed down to this first";
      writes.push({
        hierarchy,
        controller,
        file: "memory.soft_limit_in_bytes",
        value: `${reservation}`,
        object,
        why,
      });
    } else {
      const why = "when the host runs short, this much of the container's memory is spared";
      writes.push({
        hierarchy,
        controller,
        file: "memory.low",
        value: reservation < 0 ? "max" : `${reservation}`,
        object,
        why,
      });
    }
  }
  if (swappiness !== undefined) {
    const object = `swappiness ${swappiness}`;
    const hierarchy = need(layout, controller, object);
    if (hierarchy.version === 2) throw onlyV1(object);
    writes.push({
      hierarchy,
      controller,
      file: "memory.swappiness",
      value: `${swappiness}`,
      object,
      why: "how readily the kernel swaps out the container's memory",
    });
  }
  if (disableOOMKiller) {
    const object = "no out-of-memory killer";
    const hierarchy = need(layout, controller, object);
    if (hierarchy.version === 2) throw onlyV1(object);
    writes.push({
      hierarchy,
      controller,
      file: "memory.oom_control",
      value: "1",
      object,
      why: "at the limit, processes wait instead of being killed",
    });
  }
}
