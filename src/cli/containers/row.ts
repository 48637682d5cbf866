import { type ContainerRecord, imageName } from "../../engine/container/record.ts";
import type { ContainerSummary } from "../../engine/container/state.ts";
import { ellipsis, goTime, humanDuration, humanSize, type List, type Row, shortId } from "../format/index.ts";
import { quote } from "../format/printf.ts";
import { commandText } from "./command-text.ts";
import { statusText } from "./status.ts";

/** What containers wrote and what they consist of, in bytes. */
export interface ContainerSize {
  readonly written: number;
  /** With what they were made of; 0: nobody knows. */
  readonly total: number;
}

/** The list of `husk ps`, with docker's columns. */
export function containerList(withSize: boolean): List {
  const size = withSize ? "\t{{.Size}}" : "";
  return {
    type: "container",
    titles: {
      ID: "CONTAINER ID",
      Names: "NAMES",
      Image: "IMAGE",
      Command: "COMMAND",
      CreatedAt: "CREATED AT",
      RunningFor: "CREATED",
      Ports: "PORTS",
      State: "STATE",
      Status: "STATUS",
      Size: "SIZE",
      Labels: "LABELS",
      Mounts: "MOUNTS",
      LocalVolumes: "LOCAL VOLUMES",
      Networks: "NETWORKS",
      Platform: "PLATFORM",
    },
    table: `table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}${size}`,
    quiet: "{{.ID}}",
  };
}

/** docker's widths. */
const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

/** A line of {@link containerList}. */
export function containerRow(
  summary: ContainerSummary,
  { whole, now, size }: { whole: boolean; now: number; size(summary: ContainerSummary): ContainerSize },
): Row {
  const { record } = summary;
  const { options } = record;
  const labels = (): Readonly<Record<string, string>> => options.labels ?? {};
  return {
    get Command() {
      const text = commandText(record);
      return quote(whole ? text : ellipsis(text, COMMAND_WIDTH));
    },
    get CreatedAt() {
      return goTime(new Date(record.created).toISOString());
    },
    ID: whole ? record.id : shortId(record.id),
    get Image() {
      return imageText(record, whole);
    },
    get Labels() {
      return Object.entries(labels())
        .map(([name, value]) => `${name}=${value}`)
        .join(",");
    },
    get LocalVolumes() {
      return `${mountNames(record).filter((name) => !name.startsWith("/")).length}`;
    },
    get Mounts() {
      return mountNames(record)
        .map((name) => (whole ? name : ellipsis(name, MOUNT_WIDTH)))
        .join(",");
    },
    Names: record.name,
    get Networks() {
      return options.network ?? "none";
    },
    Platform: "linux",
    get Ports() {
      return "";
    },
    get RunningFor() {
      return `${humanDuration(now - record.created)} ago`;
    },
    get Size() {
      const { written, total } = size(summary);
      return total > 0 ? `${humanSize(written)} (virtual ${humanSize(total)})` : humanSize(written);
    },
    State: summary.status,
    get Status() {
      return statusText(summary, now);
    },
    Label: (name: unknown) => labels()[String(name)] ?? "",
  };
}

function imageText({ source }: ContainerRecord, whole: boolean): string {
  const name = imageName(source);
  if (source.kind !== "image" || whole) return name;
  // A name by digest is shown without it, an id in its short form.
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return shortId(name);
  return name.replace(/@sha256:[0-9a-f]{64}$/, "");
}

/** What is mounted, by its volume's name or its place on the host. */
export function mountNames({ options }: ContainerRecord): string[] {
  const names: string[] = [];
  for (const mount of options.mounts ?? []) {
    const name = mount.type === "volume" ? mount.name : mount.type === "bind" ? mount.source : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}
