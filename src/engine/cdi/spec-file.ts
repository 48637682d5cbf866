import type { Hook } from "../../runtime/config.ts";

/** A file of a vendor's that tells what its devices need in a container (Container Device Interface 1.0). */
export interface CdiSpec {
  readonly cdiVersion: string;
  /** `vendor.com/class` */
  readonly kind: string;
  readonly devices?: readonly CdiDevice[];
  /** What a container gets that has any of the devices. */
  readonly containerEdits?: ContainerEdits;
}

export interface CdiDevice {
  readonly name: string;
  readonly containerEdits: ContainerEdits;
}

/** What is changed in a container's configuration. */
export interface ContainerEdits {
  /** `NAME=value` */
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly DeviceNode[];
  readonly netDevices?: readonly { readonly hostInterfaceName: string; readonly name: string }[];
  readonly hooks?: readonly (Hook & { readonly hookName: string })[];
  readonly mounts?: readonly CdiMount[];
  readonly additionalGids?: readonly number[];
  readonly intelRdt?: Readonly<Record<string, unknown>>;
}

export interface DeviceNode {
  /** In the container. */
  readonly path: string;
  /** On this machine; absent: the same. */
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  /** Some of `rwm`; absent: all. */
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options?: readonly string[];
  readonly type?: string;
}

/** What is wrong with a file's content; undefined: it is a specification. */
export function faultOf(content: unknown): string | undefined {
  if (!isObject(content)) return "it is no object";
  const { cdiVersion, kind, devices, containerEdits } = content;
  if (typeof cdiVersion !== "string") return "cdiVersion is missing";
  const [major, minor] = cdiVersion.replace(/^v/, "").split(".").map(Number);
  if (!(major === 0 && (minor ?? 0) >= 2) && major !== 1)
    return `cdiVersion ${cdiVersion} is not one husk knows (0.2 to 1.x)`;
  if (typeof kind !== "string") return "kind is missing";
  if (devices !== undefined && !Array.isArray(devices)) return "devices is no list";
  for (const device of (devices as unknown[] | undefined) ?? []) {
    if (!isObject(device) || typeof device["name"] !== "string") return "a device has no name";
    const fault = faultOfEdits(device["containerEdits"]);
    if (fault !== undefined) return `device ${device["name"]}: ${fault}`;
  }
  return containerEdits === undefined ? undefined : faultOfEdits(containerEdits);
}

function faultOfEdits(edits: unknown): string | undefined {
  if (!isObject(edits)) return "containerEdits is no object";
  for (const entry of listOf(edits["env"]))
    if (typeof entry !== "string" || !/^[^=]+=/.test(entry))
      return `env ${JSON.stringify(entry)} is not NAME=value`;
  for (const node of listOf(edits["deviceNodes"])) {
    if (!isObject(node) || !isPath(node["path"])) return "a device node has no absolute path";
    const fault = faultOfNode(node);
    if (fault !== undefined) return `device node ${String(node["path"])}: ${fault}`;
  }
  for (const mount of listOf(edits["mounts"])) {
    if (!isObject(mount) || !hasSource(mount) || !isPath(mount["containerPath"]))
      return "a mount has no absolute hostPath and containerPath";
    if (!listOf(mount["options"]).every(isText)) return "a mount's options are no list of texts";
  }
  for (const hook of listOf(edits["hooks"])) {
    if (!isObject(hook) || !isPath(hook["path"]) || !HOOKS.includes(String(hook["hookName"])))
      return "a hook has no absolute path or no known hookName";
    if (![...listOf(hook["args"]), ...listOf(hook["env"])].every(isText))
      return "a hook's args or env are no list of texts";
  }
  for (const device of listOf(edits["netDevices"]))
    if (!isObject(device) || !isText(device["hostInterfaceName"]) || !isText(device["name"]))
      return "a network device has no hostInterfaceName or no name";
  if (!listOf(edits["additionalGids"]).every(isId)) return "additionalGids are no list of ids";
  return undefined;
}

/** Of another type than a bind mount it is what mount(2) takes, such as "tmpfs". */
function hasSource({ hostPath, type = "bind" }: Record<string, unknown>): boolean {
  return isPath(hostPath) || (isText(hostPath) && isText(type) && type !== "bind" && type !== "");
}

function faultOfNode(node: Record<string, unknown>): string | undefined {
  const { hostPath, type, permissions } = node;
  if (hostPath !== undefined && !isPath(hostPath)) return "hostPath is no absolute path";
  if (type !== undefined && !/^[bcup]$/.test(String(type))) return `there is no type ${JSON.stringify(type)}`;
  if (permissions !== undefined && !/^[rwm]*$/.test(String(permissions)))
    return `permissions ${JSON.stringify(permissions)} are not some of rwm`;
  for (const key of ["major", "minor", "fileMode", "uid", "gid"])
    if (node[key] !== undefined && !isId(node[key])) return `${key} is no number`;
  return undefined;
}

/** Names of hooks in the runtime specification. */
const HOOKS: readonly string[] = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [undefined];
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** What the kernel takes as an id or a device's number. */
function isId(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("/");
}
