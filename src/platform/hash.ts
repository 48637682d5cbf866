/** Takes bytes piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** Of all that came, in hexadecimal; nothing can be added afterwards. */
  hex(): string;
}

/**
 * A hash by its name in image digests: `sha256`, `sha512`. Importing `node:crypto` costs a start milliseconds, and Bun
 * has its own.
 */
export function startHash(algorithm: string): RunningHash {
  if (typeof Bun === "undefined") {
    const hash = process.getBuiltinModule("node:crypto").createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
  }
  const hash = new Bun.CryptoHasher(algorithm as Bun.SupportedCryptoAlgorithms);
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}
