/** Whether anything comes from a stream: the sign of a held root file system. */
export async function firstByte(stream: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value !== undefined && value.length > 0;
}
