/** The two halves of a device number (makedev(3)): 12 and 20 bits, spread as in glibc. */
export function deviceNumber(rdev: number): { major: number; minor: number } {
  // Bits 32 and up are beyond JavaScript's integer operators.
  const high = Math.floor(rdev / 2 ** 32);
  const low = rdev >>> 0;
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
}
