#!/usr/bin/env node
// The npm package's entry, on Node or Bun.
import { packagedHusk, packagedKeeper } from "../platform/package-files.ts";
import { begin } from "./begin.ts";

begin({ keeper: { path: packagedKeeper() }, husk: packagedHusk() }, process.argv[1] ?? "");
