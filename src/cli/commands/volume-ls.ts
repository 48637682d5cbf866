import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { listVolumes, volumeUsers } from "../../engine/volume/index.ts";
import { print } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import { layOutList, type List } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { labelsMatch, parseFilters, switchFilter } from "../values/filter.ts";
import { printHelp } from "../print-help.ts";

const LIST: List = {
  type: "volume",
  titles: {
    Availability: "AVAILABILITY",
    Driver: "DRIVER",
    Group: "GROUP",
    Labels: "LABELS",
    Links: "LINKS",
    Mountpoint: "MOUNTPOINT",
    Name: "VOLUME NAME",
    Scope: "SCOPE",
    Size: "SIZE",
    Status: "STATUS",
  },
  table: "table {{.Driver}}\\t{{.Name}}",
  quiet: "{{.Name}}",
};

/** `husk volume ls` */
export async function volumeLs(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments({ name: "volume ls", flags: VOLUME_FLAGS.ls, most: 0 }, argv, from, globals);
  if (given === undefined) return printHelp(["volume", "ls"]);
  const folders = openFolders(chooseFolders(globals));
  const filters = parseFilters(given.list("filter"), ["dangling", "driver", "label", "label!", "name"]);
  const dangling = switchFilter(filters, "dangling");
  const users = dangling === undefined ? undefined : volumeUsers(folders);
  const layout = layOutList(LIST, given.text("format"), given.on("quiet"));
  const anyOf = (key: string, matches: (value: string) => boolean): boolean =>
    filters.get(key)?.some(matches) ?? true;
  const rows = listVolumes(folders.root)
    .filter(
      ({ labels, name }) =>
        labelsMatch(filters, labels) &&
        anyOf("name", (part) => name.includes(part)) &&
        anyOf("driver", (driver) => driver === "local") &&
        (users === undefined || users.has(name) !== dangling),
    )
    .map(({ labels, mountpoint, name }) => ({
      Availability: "N/A",
      Driver: "local",
      Group: "N/A",
      Label: (key: unknown) => labels[String(key)] ?? "",
      Labels: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
      Links: "N/A",
      Mountpoint: mountpoint,
      Name: name,
      Scope: "local",
      Size: "N/A",
      Status: "N/A",
    }));
  print(layout.whole(rows));
  return 0;
}
