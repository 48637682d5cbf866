/** As {@link import("./commands/help.ts").printHelp}, which is loaded only now: who wants no help does without it. */
export async function printHelp(words: readonly string[]): Promise<number> {
  const { printHelp: print } = await import("./commands/help.ts");
  return print(words);
}
