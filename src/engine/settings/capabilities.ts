import { capabilityNames } from "../../security/capability-names.ts";
import type { Refuse } from "./draft.ts";

/** Names as config.json has them, from docker's spelling. */
export function readCapabilities(names: readonly string[], refuse: Refuse): string[] {
  return names.map((name) => {
    const upper = name.toUpperCase();
    const whole = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
    return capabilityNames.includes(whole) ? whole : refuse("names of capabilities(7), such as NET_RAW");
  });
}
