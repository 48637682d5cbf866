export {
  credentialFiles,
  type Credentials,
  eraseCredentials,
  findCredentials,
  storeCredentials,
} from "./credentials.ts";
export { type Endpoint, endpointsOf, readRegistryRules, type RegistryRule } from "./registries-conf.ts";
export { type FetchedManifest, listRepositories, openForeign, Repository } from "./repository.ts";
export { Session, type SessionOptions } from "./session.ts";
export { DEFAULT_RETRIES, pauseBefore, readBody, readSmall, type RetryPolicy } from "./transport.ts";
