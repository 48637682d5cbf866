import { readdirSync } from "node:fs";
import type { Folders } from "../folders.ts";

/** The ids of all containers, in no order. */
export function listIds({ root }: Pick<Folders, "root">): string[] {
  try {
    return readdirSync(`${root}/containers`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
