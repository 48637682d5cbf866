import {
  findByNameOrId,
  findLayer,
  type HistoryEntry,
  hostPlatform,
  type StoredImage,
} from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { ago, size, table } from "../docker-table.ts";
import { oneLine } from "../stderr.ts";
import { parseChoice } from "../values/choice.ts";
import { printHelp } from "./help.ts";

/** `husk history`: the steps an image was made in, newest first. */
export async function history(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const read = imageArguments("history", argv, from, globals, [1, 1]);
  if (read === undefined) return printHelp(["history"]);
  const { flags, words } = read;
  const format = parseChoice("format", flags["format"] ?? "text", ["text", "json"]);
  const store = imageStore(globals);
  const image = findByNameOrId(store, words[0] as string, hostPlatform());
  const steps = stepsOf(image, (diffId) => findLayer(store, diffId)?.size);
  const whole = flags["no-trunc"] !== undefined;
  if (format === "json") for (const step of steps) console.log(JSON.stringify(step));
  else if (flags["quiet"] !== undefined) for (const { id } of steps) console.log(shortId(id, whole));
  else {
    const rows = steps.map(({ id, created, createdBy, size: bytes, comment }) => [
      shortId(id, whole),
      ago(created),
      whole || createdBy.length <= 45 ? createdBy : `${createdBy.slice(0, 44)}…`,
      size(bytes),
      comment,
    ]);
    console.log(table([["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"], ...rows]));
  }
  return 0;
}

function shortId(id: string, whole: boolean): string {
  return whole || id === "<missing>" ? id : id.slice(7, 19);
}

interface HistoryStep {
  readonly id: string;
  readonly created: string | undefined;
  readonly createdBy: string;
  readonly size: number;
  readonly comment: string;
}

function stepsOf(image: StoredImage, sizeOf: (diffId: string) => number | undefined): HistoryStep[] {
  const { diff_ids: diffIds } = image.config.rootfs;
  const entries: readonly HistoryEntry[] = image.config.history ?? diffIds.map(() => ({}));
  let layer = 0;
  const steps = entries.map((entry): HistoryStep => {
    const index = entry.empty_layer === true ? undefined : layer++;
    const diffId = index === undefined ? undefined : diffIds[index];
    const packed = index === undefined ? undefined : image.manifest.layers[index]?.size;
    return {
      id: "<missing>",
      created: entry.created,
      createdBy: oneLine(entry.created_by ?? ""),
      size: diffId === undefined ? 0 : (sizeOf(diffId) ?? packed ?? 0),
      comment: oneLine(entry.comment ?? ""),
    };
  });
  return steps.toReversed().map((step, i) => (i === 0 ? { ...step, id: image.id } : step));
}
