/** A device as a CDI specification names it: `vendor.com/class=name`. */
export interface CdiName {
  /** `vendor.com/class` */
  readonly kind: string;
  readonly device: string;
}

/** Whether a value of `--device` names a device of CDI, and not a path. */
export function isCdiName(text: string): boolean {
  return parseCdiName(text) !== undefined;
}

/**
 * Reads `vendor.com/class=name` (CDI specification, "Kind" and "Devices").
 *
 * @returns undefined for anything else
 */
export function parseCdiName(text: string): CdiName | undefined {
  const equals = text.indexOf("=");
  const kind = text.slice(0, Math.max(equals, 0));
  const device = text.slice(equals + 1);
  return isCdiKind(kind) && /^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(device)
    ? { kind, device }
    : undefined;
}

/** `vendor.com/class`: a host name, and a word. */
function isCdiKind(text: string): boolean {
  return /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\/[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/.test(text);
}
