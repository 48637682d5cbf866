import {
  debianArchitecture,
  hostPlatform,
  parseSystem,
  type Recipe,
  type Tool,
  TOOLS,
  usualName,
  VARIANTS,
} from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { invalidValue } from "../values/invalid.ts";
import { hostPath } from "../values/path.ts";

export const IMAGE_BOOTSTRAP_FLAGS = `
--arch string amd64|i386|arm64|armhf|ppc64el|riscv64|s390x
--components list
--exclude list
--include list
--keyring file file
--mirror url
--no-cache
-q --quiet
-t --tag string
--tool string mmdebstrap|debootstrap
--variant string minbase|buildd|standard
`;

/** What `husk image bootstrap` was asked for. */
export interface ImageBootstrap {
  readonly recipe: Recipe;
  /** The image's name. */
  readonly name: string;
  readonly tool: Tool | undefined;
  readonly cache: boolean;
  readonly quiet: boolean;
}

interface Draft {
  recipe: { -readonly [Key in keyof Recipe]: Recipe[Key] };
  tag: string | undefined;
  tool: Tool | undefined;
  cache: boolean;
  quiet: boolean;
}

/** Names of packages and components (Debian policy 5.6.1); they stand in a command line of root's. */
const NAME = /^[a-zA-Z0-9?!~(][a-zA-Z0-9+.:=~*?!()-]*$/;

const GRAMMAR: Grammar<Draft> = {
  name: "image bootstrap",
  flags: IMAGE_BOOTSTRAP_FLAGS,
  set(draft, flag, value) {
    const { recipe } = draft;
    switch (flag) {
      case "arch":
        recipe.architecture = debianArchitecture(value);
        return;
      case "include":
      case "exclude":
      case "components":
        recipe[flag] = [...recipe[flag], ...names(flag, value)];
        return;
      case "keyring":
        recipe.keyring = hostPath(flag, value);
        return;
      case "mirror":
        recipe.mirror = mirror(flag, value);
        return;
      case "variant":
        recipe.variant = parseChoice(flag, value, VARIANTS);
        return;
      case "tool":
        draft.tool = parseChoice(flag, value, TOOLS);
        return;
      case "tag":
        draft.tag = value;
        return;
      case "no-cache":
        draft.cache = value !== "true";
        return;
      default:
        draft.quiet = value === "true";
    }
  },
};

/** Reads `[flags] SYSTEM`; undefined if the help was asked for. */
export function parseImageBootstrap(
  argv: readonly string[],
  from: number,
  globals: Globals,
): ImageBootstrap | undefined {
  const own = debianArchitecture(hostPlatform().architecture);
  const recipe: Recipe = {
    distribution: "",
    suite: "",
    variant: "minbase",
    architecture: own,
    include: [],
    exclude: [],
    components: [],
  };
  const draft: Draft = { recipe, tag: undefined, tool: undefined, cache: true, quiet: false };
  const [system, more] = parseArguments(GRAMMAR, argv, from, draft, globals);
  if (globals.help) return undefined;
  if (system === undefined || more !== undefined)
    throw new HuskError(
      "invalid",
      system === undefined
        ? "husk image bootstrap: the system is missing"
        : `husk image bootstrap: "${more}" is too much`,
      { hint: "husk image bootstrap debian:bookworm" },
    );
  const whole: Recipe = { ...draft.recipe, ...parseSystem(system) };
  const { tool, cache, quiet } = draft;
  return { recipe: whole, name: draft.tag ?? usualName(whole, own), tool, cache, quiet };
}

function names(flag: string, value: string): string[] {
  const list = value.split(",").filter((name) => name !== "");
  for (const name of list)
    if (!NAME.test(name)) throw invalidValue(flag, value, "names, with commas between them");
  return list;
}

function mirror(flag: string, value: string): string {
  if (/^(https?|ftp|file|copy|cdrom|ssh):\/?\/?[^\s]+$/.test(value)) return value;
  throw invalidValue(flag, value, "an address such as https://deb.debian.org/debian or file:///srv/mirror");
}
