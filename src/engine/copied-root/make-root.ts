import { existsSync } from "node:fs";
import { makeWritable } from "../container/writable.ts";
import type { Home } from "../home.ts";
import type { PreparedContainer } from "../prepare.ts";
import type { RunOptions } from "../run-options.ts";

/** Makes what a container's root file system needs in the container's folder before its first start. */
export async function makeRoot(
  home: Home,
  options: RunOptions,
  { writable, request: { root }, spec }: PreparedContainer,
): Promise<void> {
  const { source } = options;
  if (source.kind === "image" && source.copy !== undefined) {
    if (existsSync(source.copy)) return;
    const { copyRoot } = await import("./copy-root.ts");
    await copyRoot(home, options, source, spec, source.copy);
  } else if (writable?.folder.isNew === true) makeWritable(writable.folder, writable.owner, root);
}
