import { quote } from "../plan/index.ts";

/** A path of the container in a script that runs before `pivot_root`. */
export function inRootfs(path: string): string {
  return `"$ROOTFS"${path === "/" ? "" : quote(path)}`;
}
