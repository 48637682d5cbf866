import { type Json, absolute, asObject, integer, list, need, strings } from "./field.ts";

const kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
/** Seconds; what a 32-bit number of milliseconds holds. */
const longest = 2_000_000;

/** Checks `hooks`. Returns false when no hook is asked for at all. */
export function checkHooks(hooks: Json): boolean {
  let any = false;
  for (const kind of kinds) {
    const entries = list(hooks, kind, "hooks");
    if (entries === undefined) continue;
    for (let i = 0; i < entries.length; i++) {
      any = true;
      const at = `hooks.${kind}[${i}]`;
      const hook = asObject(entries[i], at);
      need(absolute(hook, "path", at), at, "path");
      strings(hook, "args", at);
      strings(hook, "env", at);
      integer(hook, "timeout", at, 1, longest);
    }
  }
  return any;
}
