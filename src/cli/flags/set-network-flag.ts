import type { RunOptions } from "../../engine/run-options.ts";
import { parseNetwork } from "../values/choice.ts";
import { parseAddress, parseExpose, parseHostEntry, parseResolverWord } from "../values/host-entry.ts";

/** The options while they are read. */
export type NetworkDraft = {
  -readonly [K in
    | "dns"
    | "dnsOptions"
    | "dnsSearch"
    | "domainname"
    | "expose"
    | "extraHosts"
    | "hostname"
    | "network"]?: RunOptions[K] extends readonly (infer E)[] | undefined ? E[] : RunOptions[K];
};

/** Takes one of the flags about a container's network and the names in it; false: it is none of them. */
export function setNetworkFlag(options: NetworkDraft, flag: string, value: string): boolean {
  switch (flag) {
    case "add-host":
      (options.extraHosts ??= []).push(parseHostEntry(flag, value));
      return true;
    case "dns":
      (options.dns ??= []).push(parseAddress(flag, value));
      return true;
    case "dns-opt":
    case "dns-option":
      (options.dnsOptions ??= []).push(parseResolverWord(flag, value));
      return true;
    case "dns-search":
      (options.dnsSearch ??= []).push(parseResolverWord(flag, value));
      return true;
    case "domainname":
      options.domainname = value;
      return true;
    case "expose":
      (options.expose ??= []).push(...parseExpose(flag, value));
      return true;
    case "hostname":
      options.hostname = value;
      return true;
    case "net":
    case "network":
      options.network = parseNetwork(flag, value);
      return true;
    default:
      return false;
  }
}
