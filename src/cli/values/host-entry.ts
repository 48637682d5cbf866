import { isAddress } from "../../platform/address.ts";
import { invalidValue, laterValue } from "./invalid.ts";

/** `HOST:ADDRESS` or `HOST=ADDRESS`; an IPv6 address may stand in brackets. */
export function parseHostEntry(flag: string, value: string): { host: string; address: string } {
  const at = value.search(/[:=]/);
  const host = value.slice(0, Math.max(at, 0));
  const address = value.slice(at + 1).replace(/^\[(.*)\]$/, "$1");
  if (address === "host-gateway")
    throw laterValue(flag, value, "networks with gateways come later: give an address");
  if (!/^[^\s#]+$/.test(host) || !isAddress(address))
    throw invalidValue(flag, value, "HOST:ADDRESS, such as db:10.0.0.5 or db=[fd00::5]");
  return { host, address };
}

/** The address of a server. */
export function parseAddress(flag: string, value: string): string {
  if (!isAddress(value)) throw invalidValue(flag, value, "an IPv4 or IPv6 address");
  return value;
}

/** Words of resolv.conf(5): a name of a domain, `.` for none, or an option such as `ndots:2`. */
export function parseResolverWord(flag: string, value: string): string {
  if (!/^[^\s#;]+$/.test(value)) throw invalidValue(flag, value, "one word of resolv.conf(5)");
  return value;
}

/** `80`, `80/udp`, `8000-8010/tcp`: as `80/tcp`, …. */
export function parseExpose(flag: string, value: string): string[] {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  const [from, to] = [Number(first || Number.NaN), Number(last || Number.NaN)];
  if (!(from >= 1 && to <= 65_535 && from <= to))
    throw invalidValue(flag, value, "PORT[-PORT][/tcp|udp|sctp], such as 80 or 8000-8010/udp");
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol}`);
}
