import { openEngine } from "husk";
import { WarmPool } from "./pool.ts";

const husk = await openEngine();
const pool = new WarmPool(husk, { image: "host", size: 3, options: { labels: { pool: "example" } } });
await pool.warm();

const answers = await Promise.all(
  [1, 2, 3, 4, 5, 6].map((n) =>
    pool.use(async (container) => {
      // Nobody was here before.
      const { stdout } = await container.exec([
        "sh",
        "-c",
        `ls /tmp | wc -l; echo ${n} > /tmp/used; cat /tmp/used`,
      ]);
      return new TextDecoder().decode(stdout).trim().split("\n").join(" → ");
    }),
  ),
);
for (const answer of answers) console.log(answer);
await pool.close();
console.log(`left: ${husk.containers.list({ all: true }).length}`);
