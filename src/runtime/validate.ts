import { HuskError } from "../platform/error.ts";
import { utf8 } from "../platform/utf8.ts";
import type { Spec } from "./config.ts";
import { parseJson } from "./json-syntax.ts";
import { asObject, flag, list, need, object, refuse, stringMap, text } from "./validate/field.ts";
import { checkHooks } from "./validate/hooks.ts";
import { checkLinux } from "./validate/linux.ts";
import { checkMount } from "./validate/mount.ts";
import { checkNamespaceUse } from "./validate/namespace.ts";
import { checkProcess } from "./validate/process.ts";

/** Is told what was mended instead of refused. */
export type Warn = (message: string) => void;

/**
 * Checks parsed JSON as the `config.json` of a bundle and returns it typed.
 *
 * Takes the object over: null fields are removed, an absent `linux` becomes an empty one, a relative
 * mount destination is made absolute (a warning, as in runc and crun). Unknown fields are ignored,
 * as the specification asks.
 *
 * @param file what errors call the document, e.g. `config.json`
 * @throws HuskError "invalid" or "unsupported": `config.json: linux.resources.memory.limit: expected …`
 */
export function validateConfig(json: unknown, file: string, warn?: Warn): Spec {
  try {
    return checkSpec(json, warn);
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    throw new HuskError(error.code, `${file}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/**
 * Reads and checks the text of a `config.json`; see {@link validateConfig}.
 *
 * @throws HuskError "invalid" with line and column when it is no JSON
 */
export function parseConfig(content: string, file: string, warn?: Warn): Spec {
  return validateConfig(parseJson(content, file), file, warn);
}

function checkSpec(json: unknown, warn: Warn | undefined): Spec {
  const spec = asObject(json, "(document)");
  const version = need(text(spec, "ociVersion", ""), "", "ociVersion");
  if (!isVersion1(version)) {
    refuse("ociVersion", `expected a version 1.x, got ${JSON.stringify(version)}`);
  }

  const root = need(object(spec, "root", ""), "", "root");
  if (need(text(root, "path", "root"), "root", "path") === "") refuse("root.path", "is empty");
  flag(root, "readonly", "root");

  const mounts = list(spec, "mounts", "");
  if (mounts !== undefined) {
    for (let i = 0; i < mounts.length; i++) checkMount(mounts[i], `mounts[${i}]`, warn);
  }

  const process = need(object(spec, "process", ""), "", "process");
  checkProcess(process);
  const linux = object(spec, "linux", "");
  if (linux === undefined) spec.linux = {};
  else checkLinux(linux);
  // sethostname(2), setdomainname(2): __NEW_UTS_LEN is 64 bytes.
  for (const name of ["hostname", "domainname"]) {
    const given = text(spec, name, "");
    if (given !== undefined && utf8.encode(given).length > 64) refuse(name, "is longer than 64 bytes");
  }
  stringMap(spec, "annotations", "");
  const hooks = object(spec, "hooks", "");
  if (hooks !== undefined && !checkHooks(hooks)) delete spec.hooks;
  checkNamespaceUse(spec as unknown as Spec);
  return spec as unknown as Spec;
}

/** Any 1.x is compatible (semantic versioning): `1.0.2-dev`, `1.3.0`. */
function isVersion1(version: string): boolean {
  const minor = version.charCodeAt(2);
  return version.startsWith("1.") && minor >= 0x30 && minor <= 0x39;
}
