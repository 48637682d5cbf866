import { explain, explainedTree, type Plan, type Report } from "../plan/index.ts";
import { hasColour } from "./terminal.ts";

/**
 * A plan for people (a tree, with bars if it was measured) or for programs (one line of JSON).
 *
 * @param fd where it will be written, for the colours
 */
export function formatPlan(
  plan: Plan,
  report: Report | undefined,
  format: "text" | "json",
  fd: number,
): string {
  const explained = explain(plan, report);
  if (format === "json") return JSON.stringify(explained);
  return explainedTree(explained, { colour: hasColour(fd), calls: true }).trimEnd();
}
