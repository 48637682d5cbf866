import {
  DEFAULT_RETRIES,
  findCredentials,
  formatReference,
  parseReference,
  pushImage,
  readRegistryRules,
} from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore, wantedPlatform } from "../image-arguments.ts";
import { humanSize as size } from "../format/units.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "./help.ts";

const words = { exists: "Layer already exists", mounted: "Mounted", pushing: "Pushing", pushed: "Pushed" };

/** `husk push`: an image of the store goes to the registry of its name. */
export async function push(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("push", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["push"]);
  const quiet = given.on("quiet");
  const reference = parseReference(given.words[0] as string);
  const tell = !quiet ? printError : () => {};
  const pushed = await pushImage(imageStore(globals), reference, {
    rules: readRegistryRules(),
    session: {
      retries: DEFAULT_RETRIES,
      credentials: (registry) => findCredentials(registry),
      certificates: ["/etc/containers/certs.d", "/etc/docker/certs.d"],
    },
    platform: wantedPlatform(given),
    parallel: 3,
    progress: ({ digest, state, size: bytes }) =>
      tell(`${digest.slice(7, 19)}: ${words[state]}${state === "pushing" ? ` ${size(bytes)}` : ""}`),
    warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
  });
  if (!quiet) console.log(`${formatReference(reference)}: digest: ${pushed.digest} size: ${pushed.size}`);
  return 0;
}
