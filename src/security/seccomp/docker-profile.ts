import { HuskError } from "../../platform/error.ts";
import { type Arch, errnos } from "../../plan/index.ts";
import { isSyscall, unknownSyscall } from "./architectures.ts";
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from "./profile.ts";

/** What a profile in Docker's form is made for. */
export interface ProfileContext {
  /** Names in the container's bounding set. */
  readonly capabilities: readonly string[];
  readonly arch: Arch;
  /** Release of the running kernel as `uname -r` prints it: `6.1.0-18-amd64`. */
  readonly kernel: string;
}

type Json = Record<string, unknown>;

/** Go's names of architectures, which profiles use. */
const goArch: Readonly<Record<Arch, string>> = { x86_64: "amd64", aarch64: "arm64" };
const ociArch: Readonly<Record<Arch, string>> = { x86_64: "SCMP_ARCH_X86_64", aarch64: "SCMP_ARCH_AARCH64" };

/**
 * Reads a profile as `--security-opt seccomp=FILE` takes it: in Docker's form (`archMap`, rules that `include`
 * or `exclude` capabilities, architectures and kernels; also Podman's, which names errors) or in that of
 * config.json. Throws `invalid` with the JSON path of what is wrong, also in rules that are then left out.
 *
 * @param json the parsed file: see {@link parseExactJson}
 */
export function resolveDockerProfile(json: unknown, context: ProfileContext): LinuxSeccomp {
  const profile = object(json, "seccomp");
  const at = "seccomp";
  const { archMap, architectures } = profile;
  if (isGiven(archMap) && isGiven(architectures)) {
    throw refuse(at, "has both architectures and archMap", "keep one of them");
  }
  const resolved: LinuxSeccomp = {
    defaultAction: text(profile.defaultAction, `${at}.defaultAction`) as LinuxSeccomp["defaultAction"],
    syscalls: [],
  };
  const errnoRet = errorNumber(profile.defaultErrnoRet, profile.defaultErrno, `${at}.defaultErrno`);
  if (errnoRet !== undefined && /_(ERRNO|TRACE)$/.test(resolved.defaultAction))
    resolved.defaultErrnoRet = errnoRet;
  if (isGiven(architectures)) resolved.architectures = texts(architectures, `${at}.architectures`);
  if (isGiven(archMap)) resolved.architectures = fromArchMap(archMap, context.arch, `${at}.archMap`);
  if (isGiven(profile.flags)) resolved.flags = texts(profile.flags, `${at}.flags`);
  if (isGiven(profile.listenerPath)) resolved.listenerPath = text(profile.listenerPath, `${at}.listenerPath`);
  if (isGiven(profile.listenerMetadata)) {
    resolved.listenerMetadata = text(profile.listenerMetadata, `${at}.listenerMetadata`);
  }
  const rules = isGiven(profile.syscalls) ? array(profile.syscalls, `${at}.syscalls`) : [];
  for (let i = 0; i < rules.length; i++) {
    const path = `${at}.syscalls[${i}]`;
    const json = object(rules[i], path);
    const rule = readRule(json, path);
    if (applies(json, context, path)) resolved.syscalls!.push(rule);
  }
  return resolved;
}

function fromArchMap(archMap: unknown, arch: Arch, path: string): string[] {
  const entries = array(archMap, path);
  for (let i = 0; i < entries.length; i++) {
    const entry = object(entries[i], `${path}[${i}]`);
    if (text(entry.architecture, `${path}[${i}].architecture`) !== ociArch[arch]) continue;
    const sub = entry.subArchitectures;
    return [ociArch[arch], ...(isGiven(sub) ? texts(sub, `${path}[${i}].subArchitectures`) : [])];
  }
  return [ociArch[arch]];
}

function readRule(json: Json, path: string): LinuxSyscall {
  if (isGiven(json.name) && isGiven(json.names) && (json.names as unknown[]).length > 0) {
    throw refuse(path, "has both name and names", "keep one of them");
  }
  const names = isGiven(json.name) ? [text(json.name, `${path}.name`)] : texts(json.names, `${path}.names`);
  if (names.length === 0) throw refuse(`${path}.names`, "is empty");
  for (let i = 0; i < names.length; i++) {
    if (!isSyscall(names[i]!))
      throw unknownSyscall(names[i]!, isGiven(json.name) ? `${path}.name` : `${path}.names[${i}]`);
  }
  const rule: LinuxSyscall = { names, action: text(json.action, `${path}.action`) as LinuxSyscall["action"] };
  const errnoRet = errorNumber(json.errnoRet, json.errno, `${path}.errno`);
  if (errnoRet !== undefined) rule.errnoRet = errnoRet;
  if (isGiven(json.args)) {
    const args = array(json.args, `${path}.args`);
    rule.args = args.map((arg, i) => object(arg, `${path}.args[${i}]`) as unknown as LinuxSeccompArg);
  }
  return rule;
}

/** Docker's form has a number, Podman's the error's name beside it; the name counts. */
function errorNumber(number: unknown, name: unknown, path: string): number | undefined {
  if (!isGiven(name) || name === "") {
    if (!isGiven(number)) return undefined;
    if (typeof number !== "number")
      throw refuse(`${path}Ret`, `expected an integer, got ${JSON.stringify(number)}`);
    return number;
  }
  const known: unknown = (errnos as Readonly<Record<string, number>>)[text(name, path)];
  if (typeof known === "number") return known;
  throw refuse(
    path,
    `unknown error name ${JSON.stringify(name)}`,
    "names are those of errno(3), such as EPERM",
  );
}

/** Whether a rule's `includes` and `excludes` let it count here; any match of `excludes` rules it out. */
function applies(json: Json, context: ProfileContext, path: string): boolean {
  if (isGiven(json.excludes)) {
    const filter = readFilter(json.excludes, `${path}.excludes`);
    if (filter.arches.includes(goArch[context.arch])) return false;
    if (filter.caps.some((name) => context.capabilities.includes(name))) return false;
    if (filter.minKernel !== undefined && !isOlder(context.kernel, filter.minKernel)) return false;
  }
  if (isGiven(json.includes)) {
    const filter = readFilter(json.includes, `${path}.includes`);
    if (filter.arches.length > 0 && !filter.arches.includes(goArch[context.arch])) return false;
    if (!filter.caps.every((name) => context.capabilities.includes(name))) return false;
    if (filter.minKernel !== undefined && isOlder(context.kernel, filter.minKernel)) return false;
  }
  return true;
}

function readFilter(json: unknown, path: string): { caps: string[]; arches: string[]; minKernel?: string } {
  const filter = object(json, path);
  const caps = isGiven(filter.caps) ? texts(filter.caps, `${path}.caps`) : [];
  const arches = isGiven(filter.arches) ? texts(filter.arches, `${path}.arches`) : [];
  if (!isGiven(filter.minKernel)) return { caps, arches };
  const minKernel = text(filter.minKernel, `${path}.minKernel`);
  if (!/^\d+\.\d+$/.test(minKernel)) {
    throw refuse(`${path}.minKernel`, `expected VERSION.MAJOR, got ${JSON.stringify(minKernel)}`);
  }
  return { caps, arches, minKernel };
}

function isOlder(kernel: string, than: string): boolean {
  const [version = 0, major = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  const [otherVersion = 0, otherMajor = 0] = than.split(".").map(Number);
  return version !== otherVersion ? version < otherVersion : major < otherMajor;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function object(value: unknown, path: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unexpected(path, "an object", value);
  return value as Json;
}

function array(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw unexpected(path, "a list", value);
  return value;
}

function text(value: unknown, path: string): string {
  if (typeof value !== "string") throw unexpected(path, "a string", value);
  return value;
}

function texts(value: unknown, path: string): string[] {
  return array(value, path).map((item, i) => text(item, `${path}[${i}]`));
}

function unexpected(path: string, what: string, got: unknown): HuskError {
  const shown = JSON.stringify(got, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return refuse(path, got === undefined ? "is missing" : `expected ${what}, got ${shown.slice(0, 60)}`);
}

function refuse(path: string, problem: string, hint?: string): HuskError {
  return new HuskError("invalid", `${path}: ${problem}`, hint === undefined ? undefined : { hint });
}
