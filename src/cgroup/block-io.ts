import { HuskError } from "../platform/error.ts";
import { ioWeight, sizeText } from "./convert.ts";
import { type Hierarchy, hierarchyOf, type Layout } from "./layout.ts";
import type { ResourceWrite } from "./resource-write.ts";
import type { LinuxBlockIO, LinuxThrottleDevice } from "./resources.ts";
import { unavailable } from "./unavailable.ts";

/**
 * Writes for weights and rates of block devices; the controller is `blkio` in v1, `io` in v2.
 *
 * Weights are the BFQ scheduler's; v2 has the ones of io.cost where BFQ is missing.
 */
export function blockIOWrites(writes: ResourceWrite[], blockIO: LinuxBlockIO, layout: Layout): void {
  const { weight = 0, leafWeight = 0, weightDevice = [] } = blockIO;
  if (leafWeight !== 0) throw noLeafWeight(`block I/O leaf weight ${leafWeight}`);
  if (weight !== 0) {
    const object = `block I/O weight ${weight}`;
    const hierarchy = needBlockIO(layout, object);
    writes.push({ ...weightFile(hierarchy, "", weight), object, why: weightWhy(hierarchy, weight) });
  }
  for (const device of weightDevice) {
    const object = `block I/O weight ${device.weight} for device ${device.major}:${device.minor}`;
    if (device.leafWeight) throw noLeafWeight(object);
    if (!device.weight) continue;
    const hierarchy = needBlockIO(layout, object);
    const prefix = `${device.major}:${device.minor} `;
    writes.push({
      ...weightFile(hierarchy, prefix, device.weight),
      object,
      why: weightWhy(hierarchy, device.weight),
    });
  }
  throttle(writes, layout, blockIO.throttleReadBpsDevice, "read", "bps");
  throttle(writes, layout, blockIO.throttleWriteBpsDevice, "write", "bps");
  throttle(writes, layout, blockIO.throttleReadIOPSDevice, "read", "iops");
  throttle(writes, layout, blockIO.throttleWriteIOPSDevice, "write", "iops");
}

function needBlockIO(layout: Layout, asked: string): Hierarchy {
  const hierarchy = hierarchyOf(layout, "blkio") ?? hierarchyOf(layout, "io");
  if (hierarchy === undefined) throw unavailable(layout, "io", asked);
  return hierarchy;
}

function noLeafWeight(asked: string): HuskError {
  return new HuskError("unavailable", `${asked}: leaf weights went with the CFQ scheduler in Linux 5.0`, {
    hint: "use weight",
  });
}

type WeightFile = Pick<ResourceWrite, "hierarchy" | "controller" | "file" | "value" | "otherwise">;

/** `prefix` is empty or `MAJOR:MINOR `. */
function weightFile(hierarchy: Hierarchy, prefix: string, weight: number): WeightFile {
  const value = `${prefix}${weight}`;
  if (hierarchy.version === 2) {
    const otherwise = { file: "io.weight", value: `${prefix}${ioWeight(weight)}` };
    return { hierarchy, controller: "io", file: "io.bfq.weight", value, otherwise };
  }
  const suffix = prefix === "" ? "" : "_device";
  const otherwise = { file: `blkio.weight${suffix}`, value };
  return { hierarchy, controller: "blkio", file: `blkio.bfq.weight${suffix}`, value, otherwise };
}

function weightWhy(hierarchy: Hierarchy, weight: number): string {
  const why = "when others use the disk too, its time is divided in proportion";
  if (hierarchy.version === 1) return why;
  return `${why}; without the BFQ scheduler io.weight = 1 + (${weight} - 10) * 9999 / 990 = ${ioWeight(weight)}`;
}

function throttle(
  writes: ResourceWrite[],
  layout: Layout,
  devices: readonly LinuxThrottleDevice[] | undefined,
  direction: "read" | "write",
  unit: "bps" | "iops",
): void {
  if (devices === undefined) return;
  for (const { major, minor, rate } of devices) {
    const amount = unit === "bps" ? `${sizeText(rate)} a second` : `${rate} operations a second`;
    const object = `${direction} at most ${amount} on device ${major}:${minor}`;
    const hierarchy = needBlockIO(layout, object);
    const why = "requests beyond that wait; 0 means no limit";
    if (hierarchy.version === 1) {
      const file = `blkio.throttle.${direction}_${unit}_device`;
      writes.push({ hierarchy, controller: "blkio", file, value: `${major}:${minor} ${rate}`, object, why });
    } else {
      const value = `${major}:${minor} ${direction[0]}${unit}=${rate === 0 ? "max" : rate}`;
      writes.push({ hierarchy, controller: "io", file: "io.max", value, object, why });
    }
  }
}
