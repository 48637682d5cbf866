// For `node --import`: "bun:test" is bun-test.ts here, and the library is the built one, as the package has it.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const places = new Map([
  ["bun:test", `${import.meta.dirname}/bun-test.ts`],
  ["../src/index.ts", `${import.meta.dirname}/../../dist/package/index.js`],
]);

registerHooks({
  resolve(specifier, context, next) {
    const place = places.get(specifier);
    return next(place === undefined ? specifier : pathToFileURL(place).href, context);
  },
});
