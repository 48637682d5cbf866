import { openEngine } from "husk";
import { prepareDatabase, withDatabase } from "./database.ts";

const husk = await openEngine();
const prepared = await prepareDatabase(husk, async ({ query }) => {
  await query("SET", "greeting", "hello");
  await query("RPUSH", "list", "one", "two", "three");
});
const results = await Promise.all(
  ["first", "second", "third"].map((name) =>
    withDatabase(prepared, async ({ query }) => {
      const before = `${await query("GET", "greeting")} ${await query("LLEN", "list")}`;
      await query("SET", "greeting", `hello from the ${name}`);
      await query("DEL", "list");
      return `${name}: found ${before}, leaves ${await query("GET", "greeting")}`;
    }),
  ),
);
for (const result of results) console.log(result);
await prepared.remove();
await husk.images.remove("example/redis");
console.log(`left: ${husk.containers.list({ all: true }).length}`);
