import { credentialFiles, eraseCredentials } from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { printHelp } from "../print-help.ts";
import { registryName } from "./login.ts";

/** `husk logout`: forgets name and password for a registry. */
export async function logout(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("logout", argv, from, globals, [0, 1]);
  if (given === undefined) return printHelp(["logout"]);
  const registry = registryName(given.words[0]);
  const [file] = credentialFiles();
  const erased = file !== undefined && (await eraseCredentials(registry, file));
  console.log(erased ? `Removing login credentials for ${registry}` : `Not logged in to ${registry}`);
  return 0;
}
