export { formatInspected } from "./inspect.ts";
export { type Layout, layOutList, type List, type Row } from "./list.ts";
export { asStructs } from "./shape.ts";
export { compileTemplate, type Template } from "./template.ts";
export {
  ago,
  binarySize,
  ellipsis,
  goTime,
  humanDuration,
  humanSize,
  imageSize,
  localNanoTime,
  localTime,
  shortId,
} from "./units.ts";
