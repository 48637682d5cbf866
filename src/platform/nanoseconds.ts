/** Nanoseconds since 1970, to the microsecond. */
export function nanoseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}
