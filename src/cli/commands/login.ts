import { readSettings } from "../../engine/settings/read-settings.ts";
import { readFileSync } from "node:fs";
import {
  credentialFiles,
  DEFAULT_REGISTRY,
  DEFAULT_RETRIES,
  readRegistryRules,
  Session,
  storeCredentials,
} from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk login`: tries name and password at a registry, and keeps them. */
export async function login(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("login", argv, from, globals, [0, 1]);
  if (given === undefined) return printHelp(["login"]);
  const registry = registryName(given.words[0]);
  const user = given.text("username");
  const password = !given.on("password-stdin")
    ? given.text("password")
    : readFileSync(0, "utf8").replace(/\r?\n$/, "");
  if (user === undefined || user === "" || password === undefined || password === "")
    throw new HuskError("invalid", `husk login ${registry}: name and password are needed`, {
      hint: "husk login -u NAME --password-stdin REGISTRY, with the password on standard input",
    });
  if (given.has("password"))
    printError("husk: warning: others can see a password in the list of processes: use --password-stdin");
  const [file] = credentialFiles();
  if (file === undefined)
    throw new HuskError("invalid", "there is no place for credentials", {
      hint: "set HOME or DOCKER_CONFIG",
    });
  const credentials = { kind: "password", user, password } as const;
  const rule = readRegistryRules(readSettings().registries).find(({ prefix }) => prefix === registry);
  const session = new Session(registry, {
    retries: DEFAULT_RETRIES,
    credentials: async () => credentials,
    insecure: rule?.insecure === true,
    certificates: ["/etc/containers/certs.d", "/etc/docker/certs.d"],
  });
  await session.check();
  const place = await storeCredentials(registry, credentials, file);
  console.log(`Login Succeeded (kept by ${place})`);
  return 0;
}

/** `https://host/v1/` of old, or a host. */
export function registryName(text: string | undefined): string {
  const name = (text ?? DEFAULT_REGISTRY).replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return name === "" || name === `index.${DEFAULT_REGISTRY}` ? DEFAULT_REGISTRY : name;
}
