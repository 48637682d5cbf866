import type { Result } from "../plan/index.ts";
import type { RootView } from "./in-root.ts";

/** The container's root file system, mounted over `/` of its own mount namespace, waiting for `pivot_root`. */
export interface AttachedRoot {
  readonly view: RootView;
  /** Mounts besides the root itself that belong to the root file system: read-only when it is. */
  readonly layers: readonly { readonly mount: Result; readonly path: string }[];
  /** A further file system, in which the root was composed, lies between the root and the host's. */
  readonly staged: boolean;
}
