// Jails of programs of this machine, filled by husk itself.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { husk } from "./husk.ts";
import { temporaryFolder } from "./temporary.ts";

/** A new jail with these programs in it, and empty folders. */
export async function makeJail(
  programs: readonly string[],
  folders: readonly string[] = [],
): Promise<string> {
  const path = join(temporaryFolder("jails"), "jail");
  const { status, stderr } = await husk(["jail", "make", path, ...programs]);
  if (status !== 0) throw new Error(`husk jail make: ${stderr}`);
  for (const folder of folders) mkdirSync(join(path, folder), { recursive: true });
  return path;
}
