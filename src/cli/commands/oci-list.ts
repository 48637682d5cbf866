import { readdirSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { DELETED } from "../../runtime/oci/folder.ts";
import { type Container, readContainer } from "../../runtime/oci/state.ts";
import { print } from "../byte-output.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { userName } from "../user-name.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci list [--format table|json] [--quiet]`, in the columns of runc's. */
export function ociList({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("list", argv, from, globals, { least: 0, most: 0 });
  if (given === undefined) return printHelp(["oci", "list"]);
  const format = given.text("format") ?? "table";
  if (format !== "table" && format !== "json") throw new HuskError("invalid", "invalid format option");
  const rows = readAll(runtime.root).map(({ files, state, status, process }) => ({
    ociVersion: state.ociVersion,
    id: state.id,
    pid: process?.pid ?? 0,
    status,
    bundle: state.bundle,
    rootfs: state.rootfs,
    created: state.created,
    ...(state.annotations === undefined ? {} : { annotations: state.annotations }),
    owner: userName(statSync(files.folder, { throwIfNoEntry: false })?.uid ?? 0),
  }));
  if (given.on("quiet")) for (const { id } of rows) printLine(id);
  else if (format === "json") printLine(rows.length === 0 ? "null" : JSON.stringify(rows));
  else {
    const table = rows.map(({ id, pid, status, bundle, created, owner }) => [
      id,
      `${pid}`,
      status,
      bundle,
      created,
      owner,
    ]);
    for (const line of columns([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], ...table]))
      printLine(line);
  }
  return 0;
}

function readAll(root: string): Container[] {
  const containers: Container[] = [];
  let ids: string[];
  try {
    ids = readdirSync(root).toSorted();
  } catch {
    return [];
  }
  for (const id of ids) {
    if (id.startsWith(DELETED)) continue;
    try {
      containers.push(readContainer(root, id));
    } catch {
      // It vanished meanwhile, or is no container.
    }
  }
  return containers;
}

/** As Go's tabwriter with cells of at least 12 characters and 3 of padding. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(12, ...rows.map((row) => (row[column] as string).length + 3)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] as number)))
      .join(""),
  );
}

function printLine(line: string): void {
  print(`${line}\n`);
}
