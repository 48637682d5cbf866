export {
  type ByteString,
  displayName,
  type TarEntry,
  type TarExtent,
  type TarTime,
  type TarType,
} from "./entry.ts";
export { type TarHandler, TarReader } from "./reader.ts";
export { TAR_END, tarHeader, tarPadding } from "./writer.ts";
