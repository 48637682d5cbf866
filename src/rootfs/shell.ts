import { quote } from "../plan/index.ts";

/**
 * A path of the container in a script that runs before `pivot_root`. Where an image may have symbolic links, the
 * script's function `place` follows them as the container's programs would.
 */
export function inRootfs(path: string): string {
  if (path === "/") return '"$ROOTFS"';
  return /^\/(dev|proc|sys)(\/|$)/.test(path) ? `"$ROOTFS"${quote(path)}` : `"$(place ${quote(path)})"`;
}
