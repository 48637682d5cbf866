import { type Home, runAttached } from "../../engine/index.ts";
import { HuskError } from "../../platform/error.ts";
import { type Finding, no, type Section, yes } from "./machine.ts";

/**
 * Runs one container: filters and labels around husk can forbid what the kernel offers, and only trying
 * tells.
 */
export async function trialSection(home: Home): Promise<Section> {
  return { title: "Trial", findings: [await trial(home)] };
}

async function trial(home: Home): Promise<Finding> {
  const begin = performance.now();
  try {
    const { ended } = await runAttached(
      home,
      { source: { kind: "host", with: [] }, command: ["true"], timeout: 10_000, rm: true },
      { stdout: "ignore", stderr: "ignore" },
    );
    const { exitCode } = await ended;
    if (exitCode === 0) return yes("a container", `run in ${(performance.now() - begin).toFixed(0)} ms`);
    return no("a container", `'husk run host true' ended with ${exitCode}`, "husk run --explain host true");
  } catch (error) {
    const hint = error instanceof HuskError ? error.hint : undefined;
    return no("a container", (error as Error).message, hint ?? "husk --debug run host true");
  }
}
