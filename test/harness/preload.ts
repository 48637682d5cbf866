// Runs before and after all test files of one `bun test` (see bunfig.toml).
import { afterAll } from "bun:test";
import { removeTemporary } from "./temporary.ts";

// Packages and images are many files.
afterAll(removeTemporary, 60_000);
