// `node --import ./test/node/hooks.ts FILE` runs a test file written for Bun: "bun:test" is bun-test.ts here, and
// the library is the built one, as the package has it.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const repository = `${import.meta.dirname}/../..`;
const places = new Map([
  ["bun:test", `${import.meta.dirname}/bun-test.ts`],
  ["../src/index.ts", `${repository}/dist/package/index.js`],
]);

registerHooks({
  resolve(specifier, context, next) {
    const place = places.get(specifier);
    return next(place === undefined ? specifier : pathToFileURL(place).href, context);
  },
});

await import("../harness/preload.ts");
