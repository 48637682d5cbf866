import { readSettings } from "./settings/read-settings.ts";
import { DEFAULT_RETRIES, findCredentials, type PushOptions, readRegistryRules } from "../image/index.ts";

/** How this machine and user speak to registries: rules, credentials, certificates. */
export function registryContext(signal?: AbortSignal): Pick<PushOptions, "rules" | "session"> {
  return {
    rules: readRegistryRules(readSettings().registries),
    session: {
      retries: signal === undefined ? DEFAULT_RETRIES : { ...DEFAULT_RETRIES, signal },
      credentials: (registry) => findCredentials(registry),
      certificates: ["/etc/containers/certs.d", "/etc/docker/certs.d"],
    },
  };
}
