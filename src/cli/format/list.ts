import { asRow } from "./shape.ts";
import { tabulate } from "./tabulate.ts";
import { compileTemplate } from "./template.ts";

/** A line of a list by docker's names of the fields; getters are read only if shown; functions take arguments. */
export type Row = Readonly<Record<string, unknown>>;

/** What a command lists, and how it looks when nobody says otherwise. */
export interface List {
  /** For errors: `image`. */
  readonly type: string;
  /** Titles of the columns by field. */
  readonly titles: Readonly<Record<string, string>>;
  /** The table of `--format table`, or of none: `table {{.ID}}\t{{.Names}}`. */
  readonly table: string;
  /** What `--quiet` shows instead: `{{.ID}}`. */
  readonly quiet?: string;
}

/** A list's layout: for lines that come one by one, and for all at once. */
export interface Layout {
  /** A line without its end. Lines of a table have tabs between their cells. */
  line(row: Row): string;
  /** The titles, of a table only. */
  readonly head: string | undefined;
  /** All lines with their ends, of a table with titles and columns; nothing for no rows of no table. */
  whole(rows: Iterable<Row>): string;
}

/**
 * Reads what docker's lists take for `--format`: a template, `table`, `table TEMPLATE`, or `json`; undefined or empty is
 * the command's own table, or its ids with `quiet`. `\t` and `\n` may be spelled out.
 *
 * @throws HuskError "invalid"
 */
export function layOutList(list: List, format: string | undefined, quiet = false): Layout {
  const wished = format === undefined || format === "" || format === "table" ? "" : format;
  const isOwn = wished === "";
  const source = isOwn ? (quiet && list.quiet !== undefined ? list.quiet : list.table) : wished;
  const isTable = source.startsWith("table");
  const text = source === "json" ? "{{json .}}" : spelled(isTable ? source.slice("table".length) : source);
  const template = compileTemplate(text);
  const fields = plainFields(text);
  const line = (row: Row): string => plainLine(row, fields) ?? template.run(asRow(row, list.type));
  const head = isTable ? template.runOnTitles({ ...list.titles, Label: labelTitle }) : undefined;
  return {
    line,
    head,
    whole: (rows) => {
      const lines = Array.from(rows, (row) => `${line(row)}\n`).join("");
      return head === undefined ? lines : tabulate(`${head}\n${lines}`);
    },
  };
}

/** The fields of a template that is nothing but fields with tabs between them, as docker's own tables are. */
function plainFields(text: string): string[] | undefined {
  const cells = text.split("\t").map((cell) => /^\{\{\.(\w+)\}\}$/.exec(cell)?.[1]);
  return cells.includes(undefined) ? undefined : (cells as string[]);
}

/** Their line; undefined where a field is not there or no text, so that the template has to tell. Lists may be long. */
function plainLine(row: Row, fields: readonly string[] | undefined): string | undefined {
  if (fields === undefined) return undefined;
  let line = "";
  for (let i = 0; i < fields.length; i++) {
    const cell = row[fields[i] as string];
    if (typeof cell !== "string") return undefined;
    line += i === 0 ? cell : `\t${cell}`;
  }
  return line;
}

function spelled(text: string): string {
  return text
    .replace(/^ +| +$/g, "")
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n");
}

/** `com.example.some-thing` stands over its column as `some thing`. */
function labelTitle(name: unknown): string {
  return String(name).split(".").at(-1)?.replace(/[-_]/g, " ") ?? "";
}
