export { endOfLog, LogCursor, type LogPlace } from "./cursor.ts";
export { encodeFrame, NOTE, STDERR, STDOUT } from "./frame.ts";
export { type LogChunk, logChunks, type LogOptions, type LogSource, readLog } from "./read-log.ts";
export { formatTime, type Take } from "./select.ts";
export { type FolderWatch, toldWatch } from "./watch.ts";
