import { explain, explainedTree } from "../plan/explain/index.ts";
import type { Plan, Report } from "../plan/index.ts";
import { hasColour, widthOf } from "./terminal.ts";

/**
 * A plan for people (a tree, with bars if it was measured) or for programs (one line of JSON).
 *
 * @param fd where it will be written, for the colours and the width
 */
export function formatPlan(
  plan: Plan,
  report: Report | undefined,
  format: "text" | "json",
  fd: 1 | 2,
): string {
  const explained = explain(plan, report);
  if (format === "json") return JSON.stringify(explained);
  return explainedTree(explained, { colour: hasColour(fd), calls: true, width: widthOf(fd) }).trimEnd();
}
