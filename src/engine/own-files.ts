import { readFileSync } from "node:fs";
import { namespaceOf } from "../namespace/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "../runtime/config.ts";
import type { RunOptions } from "./run-options.ts";

/** What the files tell a container of itself and others; absent: what its root file system has. */
export interface OwnFiles {
  /** The name alone. */
  readonly hostname?: string;
  readonly hosts?: string;
  readonly resolvConf?: string;
}

/**
 * What husk writes into /etc of containers of images and of the host image. With the host's network they have the host's
 * names, and with one of their own those of the loopback device; both with what was asked for besides.
 */
export function ownFiles(options: RunOptions, { hostname, linux }: Spec): OwnFiles {
  const hasHosts = namespaceOf(linux.namespaces, "network") === undefined;
  const extra = (options.extraHosts ?? []).map(({ host, address }) => `${address}\t${host}\n`).join("");
  const fromImage = options.source.kind === "image";
  const resolvConf = resolverFile(options, hasHosts && fromImage);
  let hosts: string | undefined;
  if (!hasHosts) hosts = hostsFile(hostname) + extra;
  else if (fromImage || extra !== "") hosts = withLineEnd(hostFile("/etc/hosts")) + extra;
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(resolvConf === undefined ? {} : { resolvConf }),
  };
}

/** Refuses names for containers whose root file system is a folder of the user's, into which nothing is written. */
export function refuseNames({ source, extraHosts, dns, dnsSearch, dnsOptions }: RunOptions): void {
  const flag = extraHosts
    ? "add-host"
    : dns
      ? "dns"
      : dnsSearch
        ? "dns-search"
        : dnsOptions
          ? "dns-option"
          : undefined;
  if (flag === undefined || source.kind === "image" || source.kind === "host") return;
  throw new HuskError("unsupported", `--${flag}: ${source.path} is used as it is, with its own /etc`, {
    hint: "write its etc/hosts or etc/resolv.conf, or bind mount one (-v)",
  });
}

/** hosts(5) of a container with a network of its own. */
function hostsFile(hostname: string | undefined): string {
  const own = hostname === undefined ? "" : `127.0.1.1\t${hostname}\n`;
  return `127.0.0.1\tlocalhost\n${own}::1\tlocalhost ip6-localhost ip6-loopback\n`;
}

/** resolv.conf(5), as docker makes it: what was not asked for is the host's. */
function resolverFile({ dns, dnsSearch, dnsOptions }: RunOptions, always: boolean): string | undefined {
  const asks = dns !== undefined || dnsSearch !== undefined || dnsOptions !== undefined;
  if (!asks) return always ? hostFile("/etc/resolv.conf") : undefined;
  const host = hostFile("/etc/resolv.conf").split("\n");
  const words = (name: RegExp): string[] =>
    host.flatMap((line) => (name.test(line) ? line.trim().split(/\s+/).slice(1) : []));
  const servers = dns ?? words(/^nameserver\s/);
  // "." asks for no search at all.
  const search = (dnsSearch ?? words(/^(search|domain)\s/)).filter((domain) => domain !== ".");
  const settings = dnsOptions ?? words(/^options\s/);
  return [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length === 0 ? [] : [`search ${search.join(" ")}`]),
    ...(settings.length === 0 ? [] : [`options ${settings.join(" ")}`]),
    "",
  ].join("\n");
}

function withLineEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function hostFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
