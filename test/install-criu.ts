// Brings criu into the cache while there is a network: system tests have none. They are skipped and counted where it
// cannot be had, so this never fails.
import { findCriu } from "./harness/criu.ts";

if (process.getuid?.() === 0 && findCriu() === undefined)
  console.log("could not bring a criu that works here: tests of checkpoints are skipped");
