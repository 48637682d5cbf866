import { type Json, asObject, list, need, refuse, strings, text } from "./field.ts";
import { checkIdMappings } from "./namespace.ts";

/** Checks one of `mounts`. What type and options mean is decided where the mount is planned. */
export function checkMount(value: unknown, at: string, warn: ((message: string) => void) | undefined): void {
  const mount: Json = asObject(value, at);
  const destination = need(text(mount, "destination", at), at, "destination");
  if (destination === "") refuse(`${at}.destination`, "is empty");
  if (destination.charCodeAt(0) !== 0x2f) {
    mount.destination = `/${destination}`;
    warn?.(`${at}.destination: ${destination} is relative; taken as /${destination}`);
  }
  text(mount, "type", at);
  text(mount, "source", at);
  strings(mount, "options", at);
  checkIdMappings(mount, "uidMappings", at);
  checkIdMappings(mount, "gidMappings", at);
  const [uids, gids] = [list(mount, "uidMappings", at)?.length, list(mount, "gidMappings", at)?.length];
  if (uids && !gids) refuse(`${at}.gidMappings`, "is missing beside uidMappings");
  if (gids && !uids) refuse(`${at}.uidMappings`, "is missing beside gidMappings");
}
