import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { printHelp } from "../print-help.ts";

/** `husk completion bash|zsh|fish`: the completion script on stdout. */
export async function completion(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const words = parseArguments({ name: "completion", flags: "\n", set() {} }, argv, from, {}, globals);
  if (globals.help) return printHelp(["completion"]);
  console.log((await script(words)).trimEnd());
  return 0;
}

async function script(words: readonly string[]): Promise<string> {
  switch (words.length === 1 ? words[0] : undefined) {
    case "bash":
      return (await import("../completion/bash.ts")).bashCompletion();
    case "zsh":
      return (await import("../completion/zsh.ts")).zshCompletion();
    case "fish":
      return (await import("../completion/fish.ts")).fishCompletion();
    default: {
      const what = words.length === 0 ? "the shell is missing" : `no shell "${words.join(" ")}" is known`;
      throw new HuskError("invalid", `husk completion: ${what}`, {
        hint: "husk completion bash, zsh or fish",
      });
    }
  }
}
