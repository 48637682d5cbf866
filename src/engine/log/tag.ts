import { type ContainerRecord, imageName } from "../container/record.ts";

/** docker's fields of a log's tag (docs.docker.com, "Customize log driver output"). */
const FIELDS: Readonly<Record<string, (record: ContainerRecord) => string>> = {
  ID: ({ id }) => id.slice(0, 12),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageName: ({ source }) => imageName(source),
  ImageID: ({ source }) => (source.kind === "image" ? source.id.replace("sha256:", "").slice(0, 12) : ""),
  ImageFullID: ({ source }) => (source.kind === "image" ? source.id : ""),
  DaemonName: () => "husk",
};

const FIELD = /\{\{\s*\.(\w+)\s*\}\}/g;

/** What {@link isTag} takes. */
export function tagForm(): string {
  return `a text with ${Object.keys(FIELDS)
    .map((name) => `{{.${name}}}`)
    .join(", ")}`;
}

/** Whether a text is a tag: of Go's templates it may have plain fields only. */
export function isTag(text: string): boolean {
  const rest = text.replace(FIELD, (whole, name: string) => (Object.hasOwn(FIELDS, name) ? "" : whole));
  return !rest.includes("{{") && !/[\n\r]/.test(text);
}

/** The tag of a container's log; absent: its name. */
export function tagOf(record: ContainerRecord): string {
  const { tag } = record.options.log ?? {};
  if (tag === undefined || tag === "") return record.name;
  return tag.replace(FIELD, (_, name: string) => FIELDS[name]?.(record) ?? "").replace(/[\n\r]/g, " ");
}
