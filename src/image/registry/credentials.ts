import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { parseObject } from "../parse-oci.ts";
import { DEFAULT_REGISTRY } from "../reference.ts";
import { writeWhole } from "../store/index.ts";

/** What a registry is told about who asks. */
export type Credentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** A refresh token, from which access tokens are made. */
  | { readonly kind: "token"; readonly token: string };

/** docker's config.json, as far as it concerns registries. */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}
interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** docker's own key for its hub in config.json and credential helpers. */
const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_MILLISECONDS = 30_000;

/** Files with credentials, the one that `login` writes first: docker's, then podman's. */
export function credentialFiles(env: NodeJS.ProcessEnv = process.env): string[] {
  const files: string[] = [];
  if (env.DOCKER_CONFIG) files.push(`${env.DOCKER_CONFIG}/config.json`);
  else if (env.HOME) files.push(`${env.HOME}/.docker/config.json`);
  if (env.REGISTRY_AUTH_FILE) files.push(env.REGISTRY_AUTH_FILE);
  else if (env.XDG_RUNTIME_DIR) files.push(`${env.XDG_RUNTIME_DIR}/containers/auth.json`);
  return files;
}

/**
 * Looks up who this user is at a registry; undefined: nobody in particular.
 *
 * @throws HuskError "invalid" for a file that cannot be read, "failed" for a helper that fails
 */
export async function findCredentials(
  registry: string,
  files: readonly string[] = credentialFiles(),
): Promise<Credentials | undefined> {
  for (const file of files) {
    const config = readConfig(file);
    const helper = helperFor(registry, config);
    if (helper !== undefined) {
      const found = await askHelper(helper, keyOf(registry));
      if (found !== undefined) return found;
    }
    // podman's keys may name a part of a registry: what is for all of it comes first.
    const keys = Object.keys(config.auths ?? {}).filter((key) => hostOf(key) === hostOf(keyOf(registry)));
    for (const key of keys.toSorted((a, b) => Number(isPart(a)) - Number(isPart(b)))) {
      const found = fromEntry(Object(config.auths?.[key]) as AuthEntry);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function keyOf(registry: string): string {
  return registry === DEFAULT_REGISTRY ? HUB_KEY : registry;
}

function helperFor(registry: string, { credHelpers, credsStore }: DockerConfig): string | undefined {
  return credHelpers?.[keyOf(registry)] ?? credHelpers?.[registry] ?? credsStore;
}

function isPart(key: string): boolean {
  return !/^(https?:\/\/)?[^/]+(\/v[12])?\/?$/.test(key);
}

/** Keys are hosts, or addresses of old (`https://host/v1/`). */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/")[0] ?? key;
}

function fromEntry(entry: AuthEntry): Credentials | undefined {
  if (entry.identitytoken) return { kind: "token", token: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = text.indexOf(":");
    if (colon > 0) return { kind: "password", user: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (entry.username) return { kind: "password", user: entry.username, password: entry.password ?? "" };
  return undefined;
}

function readConfig(file: string): DockerConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new HuskError("denied", `cannot read the credentials in ${file}: ${message}`, { cause });
  }
  try {
    return Object(JSON.parse(text === "" ? "{}" : text)) as DockerConfig;
  } catch (cause) {
    throw new HuskError("invalid", `the credentials in ${file} are no JSON: ${(cause as Error).message}`, {
      cause,
      hint: "mend the file, or remove it and log in again",
    });
  }
}

/**
 * Keeps credentials for a registry where docker's configuration says: with its helper, or in the file (0600).
 *
 * @returns where they are, for people
 */
export async function storeCredentials(
  registry: string,
  credentials: Credentials,
  file: string,
): Promise<string> {
  const config = readConfig(file);
  const helper = helperFor(registry, config);
  if (helper !== undefined) {
    const [Username, Secret] =
      credentials.kind === "token"
        ? ["<token>", credentials.token]
        : [credentials.user, credentials.password];
    await runHelper(helper, "store", JSON.stringify({ ServerURL: keyOf(registry), Username, Secret }));
    return `the credential helper ${helper}`;
  }
  const entry: AuthEntry =
    credentials.kind === "token"
      ? { identitytoken: credentials.token }
      : { auth: Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64") };
  saveConfig(file, { ...config, auths: { ...config.auths, [keyOf(registry)]: entry } });
  return file;
}

/** Forgets the credentials of a registry; false: there were none. */
export async function eraseCredentials(registry: string, file: string): Promise<boolean> {
  const config = readConfig(file);
  const helper = helperFor(registry, config);
  let erased = false;
  if (helper !== undefined) {
    erased = (await askHelper(helper, keyOf(registry))) !== undefined;
    if (erased) await runHelper(helper, "erase", keyOf(registry));
  }
  const host = hostOf(keyOf(registry));
  const auths = Object.fromEntries(
    Object.entries(config.auths ?? {}).filter(([key]) => hostOf(key) !== host),
  );
  if (Object.keys(auths).length === Object.keys(config.auths ?? {}).length) return erased;
  saveConfig(file, { ...config, auths });
  return true;
}

function saveConfig(file: string, config: DockerConfig): void {
  mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true, mode: 0o700 });
  // A link, as people who keep their files in one place have it, stays one.
  writeWhole(existsSync(file) ? realpathSync(file) : file, `${JSON.stringify(config, undefined, "\t")}\n`);
}

async function askHelper(helper: string, key: string): Promise<Credentials | undefined> {
  const answer = await runHelper(helper, "get", key);
  if (answer === undefined) return undefined;
  const { Username, Secret } = parseObject(Buffer.from(answer), `what docker-credential-${helper} says`);
  if (typeof Secret !== "string" || Secret === "") return undefined;
  if (Username === "<token>") return { kind: "token", token: Secret };
  return { kind: "password", user: typeof Username === "string" ? Username : "", password: Secret };
}

/** Runs docker-credential-NAME; undefined when it has no such credentials (docker/docker-credential-helpers). */
function runHelper(
  helper: string,
  verb: "get" | "store" | "erase",
  input: string,
): Promise<string | undefined> {
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new HuskError("failed", `the credential helper ${program} failed: ${why}`, {
          hint: "docker's config.json names it (credsStore, credHelpers): mend that, or install it",
        }),
      );
    if (!/^[A-Za-z0-9._-]+$/.test(helper)) return fail("it is no name of a program");
    const child = spawn(program, [verb], { stdio: ["pipe", "pipe", "pipe"], timeout: HELPER_MILLISECONDS });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", ({ message }) => fail(message));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("close", (status) => {
      if (status === 0) resolve(output);
      else if (/credentials not found/i.test(output + errors)) resolve(undefined);
      else fail((output + errors).trim().split("\n")[0] || `exit status ${status}`);
    });
  });
}
