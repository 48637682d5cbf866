import { findByNameOrId, imageHistory } from "../../image/index.ts";
import { print } from "../byte-output.ts";
import { ago, ellipsis, imageSize, layOutList, type List, localTime, shortId } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { askedPlatform, imageArguments, imageStore } from "../image-arguments.ts";
import { oneLine } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

const LIST: List = {
  type: "step",
  titles: {
    ID: "IMAGE",
    CreatedSince: "CREATED",
    CreatedAt: "CREATED AT",
    CreatedBy: "CREATED BY",
    Size: "SIZE",
    Comment: "COMMENT",
  },
  table: "table {{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}",
  quiet: "{{.ID}}",
};

/** Characters of a command in the table. */
const COMMAND_WIDTH = 45;

/** `husk history`: the steps an image was made in, newest first. */
export async function history(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("history", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["history"]);
  const { words } = given;
  const whole = given.on("no-trunc");
  const human = given.text("human") !== "false";
  const table = human ? LIST.table : LIST.table.replace("CreatedSince", "CreatedAt");
  const layout = layOutList({ ...LIST, table }, given.text("format"), given.on("quiet"));
  const store = imageStore(globals);
  const image = findByNameOrId(store, words[0] as string, askedPlatform(given));
  const rows = imageHistory(store, image).map(({ created, createdBy, comment, size }, i) => {
    const command = oneLine(createdBy);
    return {
      ID: i > 0 ? "<missing>" : whole ? image.id : shortId(image.id),
      CreatedSince: ago(created),
      CreatedAt: localTime(created),
      CreatedBy: whole ? command : ellipsis(command, COMMAND_WIDTH),
      Size: human ? imageSize(size) : `${size}`,
      Comment: oneLine(comment),
    };
  });
  print(layout.whole(rows));
  return 0;
}
