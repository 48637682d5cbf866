import { existsSync } from "node:fs";
import { HuskError } from "./error.ts";

/*
 * What the npm package brings besides its modules: `keeper-x64` and `keeper-arm64`. In the repository the built
 * executables stand for them, and for the command line.
 */

const folder = import.meta.dirname;

/** Path of the keeper for this machine. @throws HuskError "not-found" */
export function packagedKeeper(): string {
  return find("the keeper's executable", [
    `${folder}/../keeper-${process.arch}`,
    `${folder}/../../dist/keeper`,
  ]);
}

/** How a keeper starts husk: an executable, or a module by what runs this one. @throws HuskError "not-found" */
export function packagedHusk(): readonly string[] {
  const path = find("the program that keepers start", [
    `${folder}/../cli/bin.js`,
    `${folder}/../../dist/husk`,
  ]);
  return path.endsWith(".js") ? [process.execPath, path] : [path];
}

function find(what: string, paths: readonly string[]): string {
  for (const path of paths) if (existsSync(path)) return path;
  throw new HuskError("not-found", `${what} is not beside husk's modules: ${paths[0]}`, {
    hint: "in a bundle of yours: name it in openEngine's options (keeper, husk); in the repository: npm run build",
  });
}
