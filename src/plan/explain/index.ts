/** Plans as text and as data for people and programs. A door of its own: what only runs a plan need not load it. */
export {
  explain,
  type ExplainedCall,
  type ExplainedPlan,
  type ExplainedProcess,
  type ExplainedStep,
} from "./explain.ts";
export { explainedTree, type TreeOptions } from "./tree.ts";
