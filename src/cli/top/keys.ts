import type { SortKey, View } from "./view.ts";

/** What a key does besides changing the view. */
export type Action = "quit" | "kill" | "search" | undefined;

const SORTS: Readonly<Record<string, SortKey>> = {
  P: "cpu",
  M: "memory",
  T: "time",
  N: "pid",
  C: "container",
};

/** How far a key moves the cursor, in lines; pages are ten. */
const MOVES: Readonly<Record<string, number>> = {
  "\u001b[A": -1,
  "\u001bOA": -1,
  "\u001b[B": 1,
  "\u001bOB": 1,
  j: 1,
  "\u001b[5~": -10,
  "\u001b[6~": 10,
  "\u001b[H": Number.NEGATIVE_INFINITY,
  "\u001b[F": Number.POSITIVE_INFINITY,
};

/**
 * What pressing a key means.
 *
 * @param pids of the lines, from the top
 */
export function pressKey(key: string, view: View, pids: readonly number[]): { view: View; action: Action } {
  const stay = (action: Action): { view: View; action: Action } => ({ view, action });
  const sort = SORTS[key];
  if (sort !== undefined) {
    const reversed = view.sort === sort && !view.tree ? !view.reversed : false;
    return { view: { ...view, sort, reversed, tree: false }, action: undefined };
  }
  const move = MOVES[key];
  if (move !== undefined) {
    const at = Math.max(pids.indexOf(view.selected ?? -1), 0);
    const next = Math.min(Math.max(at + move, 0), pids.length - 1);
    return { view: { ...view, selected: pids[next] }, action: undefined };
  }
  switch (key) {
    case "q":
    case "\u0003":
    case "\u001b[21~":
      return stay("quit");
    case "k":
    case "\u001b[20~":
      return stay("kill");
    case "/":
    case "\u001bOR":
      return stay("search");
    case "t":
    case "\u001b[15~":
      return { view: { ...view, tree: !view.tree }, action: undefined };
    case "I":
      return { view: { ...view, reversed: !view.reversed }, action: undefined };
    default:
      return stay(undefined);
  }
}
