import { HuskError } from "../../platform/error.ts";

/** Bytes that are needed to tell. */
export const MAGIC_BYTES = 6;

/**
 * How something is compressed, told by its first bytes.
 *
 * @param about what it is, for the error
 * @throws HuskError "unsupported" for bzip2 and xz
 */
export function compressionOfBytes(start: Uint8Array, about: string): "none" | "gzip" | "zstd" {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  const magic =
    ((start[0] ?? 0) | ((start[1] ?? 0) << 8) | ((start[2] ?? 0) << 16) | ((start[3] ?? 0) << 24)) >>> 0;
  // A frame of data, or one that is to be skipped, as pzstd writes (RFC 8878, 3.1).
  if (magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5) return "zstd";
  const name = Buffer.from(start.subarray(0, MAGIC_BYTES)).toString("latin1");
  const kind = name.startsWith("BZh") ? "bzip2" : name.startsWith("\xfd7zXZ") ? "xz" : undefined;
  if (kind === undefined) return "none";
  throw new HuskError("unsupported", `${about} compressed with ${kind}`, {
    hint: `gzip and zstd can be read; ${kind} -dc decompresses it`,
  });
}
