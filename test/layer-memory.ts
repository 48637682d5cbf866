// A program that unpacks a layer and prints how much memory that took at most, in bytes: LAYER FOLDER KEEPER.
import { createReadStream } from "node:fs";
import { LayerStream } from "../src/image/layer/index.ts";

const [layer, folder, keeper] = process.argv.slice(2) as [string, string, string];
const before = process.memoryUsage.rss();
let most = 0;
const stream = new LayerStream(
  folder,
  {
    owners: "never",
    whiteouts: "overlay",
    overlayXattrs: "user",
    warn: () => {},
    change(entry) {
      most = Math.max(most, process.memoryUsage.rss() - before);
      return entry;
    },
  },
  { keeper, reportDirectory: "/tmp" },
);
for await (const piece of createReadStream(layer)) await stream.write(piece as Uint8Array);
const { size } = await stream.finish();
console.log(JSON.stringify({ size, most }));
