/** An engine whose command line is measured. */
export interface Contestant {
  readonly name: string;
  /** Absolute path of the program, and what comes before each command. */
  readonly program: readonly string[];
  /** What stands for the image in `run`. */
  readonly image: string;
  /** Makes `rm -f` kill at once, where that asks first. */
  readonly removal?: readonly string[];
  stop(): Promise<void>;
}

/** What one container is put through, in this order: names as people type them, and what follows the program. */
export function lifeOf({ program, image, removal = [] }: Contestant): ReadonlyMap<string, readonly string[]> {
  const name = "husk-bench";
  const network = ["--network", "none"];
  return new Map([
    ["run -d", [...program, "run", "-d", "--name", name, ...network, image, "sleep", "600"]],
    ["exec", [...program, "exec", name, "true"]],
    ["rm -f", [...program, "rm", "-f", ...removal, name]],
    ["run --rm", [...program, "run", "--rm", ...network, image, "true"]],
  ]);
}
