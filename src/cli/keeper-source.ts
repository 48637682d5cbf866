import keeper from "../../dist/keeper" with { type: "file" };
import type { KeeperSource } from "../platform/keeper-file.ts";

/** The keeper this executable carries; run from source, the one that was built last. */
export const keeperSource: KeeperSource =
  typeof HUSK_KEEPER_DIGEST === "string" ? { path: keeper, digest: HUSK_KEEPER_DIGEST } : { path: keeper };
