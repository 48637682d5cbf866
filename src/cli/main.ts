// The executable's entry. Run from source, the keeper is the one that was built last.
import keeper from "../../dist/keeper" with { type: "file" };
import { begin } from "./begin.ts";

begin(
  typeof HUSK_KEEPER_DIGEST === "string"
    ? { keeper: { path: keeper, digest: HUSK_KEEPER_DIGEST }, husk: [process.execPath] }
    : { keeper: { path: keeper }, husk: [process.execPath, import.meta.filename] },
  process.argv0,
);
