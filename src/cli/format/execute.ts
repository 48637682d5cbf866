import { type TemplateFunction, WrongCount } from "./functions.ts";
import { NO_VALUE, print, show, truth, typeName } from "./print.ts";
import { entriesOf, nullOf, shapeOf } from "./shape.ts";
import type { Command, Node, Operand, Pipeline, Syntax } from "./syntax.ts";
import { executionError } from "./template-error.ts";

type Functions = ReadonlyMap<string, TemplateFunction>;

/** How the walk over a list of nodes ended. */
type Leave = "break" | "continue" | undefined;

/** Templates that call themselves end here, as in Go. */
const DEEPEST = 100_000;

/**
 * Performs a template on data.
 *
 * @param missing what a map gives for a key it does not have: docker's `<no value>`, or an error
 * @throws HuskError "invalid"
 */
export function execute(
  syntax: Syntax,
  functions: Functions,
  data: unknown,
  missing: "no-value" | "error" = "no-value",
): string {
  const output: string[] = [];
  const variables: [string, unknown][] = [["$", data]];
  let depth = 0;

  const fail = (operand: { at: number; text: string }, why: string, hint?: string): Error =>
    executionError(syntax.source, operand, why, hint);

  const walk = (nodes: readonly Node[], dot: unknown): Leave => {
    for (const node of nodes) {
      const leave = perform(node, dot);
      if (leave !== undefined) return leave;
    }
    return undefined;
  };

  const perform = (node: Node, dot: unknown): Leave => {
    switch (node.kind) {
      case "text":
        output.push(node.text);
        return undefined;
      case "break":
      case "continue":
        return node.kind;
      case "action": {
        const value = evaluate(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) output.push(show(value));
        return undefined;
      }
      case "template": {
        const body = syntax.templates.get(node.name);
        const place = { at: node.at, text: `{{template ${JSON.stringify(node.name)}}}` };
        if (body === undefined) throw fail(place, `template ${JSON.stringify(node.name)} not defined`);
        if (++depth > DEEPEST / 100) throw fail(place, "exceeded maximum template depth");
        const value = node.pipeline === undefined ? NO_VALUE : evaluate(node.pipeline, dot);
        const outside = variables.splice(0, variables.length, ["$", value]);
        walk(body, value);
        variables.splice(0, variables.length, ...outside);
        depth--;
        return undefined;
      }
      default: {
        const known = variables.length;
        const leave = node.kind === "range" ? range(node, dot) : branch(node, dot);
        variables.length = known;
        return leave;
      }
    }
  };

  const branch = (node: Extract<Node, { pipeline: Pipeline; body: unknown }>, dot: unknown): Leave => {
    const value = evaluate(node.pipeline, dot);
    if (!truth(value)) return walk(node.otherwise, dot);
    return walk(node.body, node.kind === "with" ? value : dot);
  };

  const range = (node: Extract<Node, { pipeline: Pipeline; body: unknown }>, dot: unknown): Leave => {
    const { pipeline } = node;
    const known = variables.length;
    const value = evaluate({ ...pipeline, variables: [] }, dot);
    const items = itemsOf(value, pipeline);
    for (const [key, item] of items) {
      const values = pipeline.variables.length === 2 ? [key, item] : [item];
      for (const [i, name] of pipeline.variables.entries()) declare(name, values[i], pipeline.assigns);
      const leave = walk(node.body, item);
      variables.length = known;
      if (leave === "break") break;
    }
    return items.length === 0 ? walk(node.otherwise, dot) : undefined;
  };

  const itemsOf = (value: unknown, pipeline: Pipeline): [unknown, unknown][] => {
    if (value === NO_VALUE || value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.map((item, i) => [i, item]);
    if (typeof value === "number") return Array.from({ length: value }, (_, i) => [i, i]);
    if (typeof value === "object" && shapeOf(value) === undefined) return entriesOf(value);
    const last = pipeline.commands.at(-1)?.operands[0] as Operand;
    throw fail(last, `range can't iterate over ${print(value)}`);
  };

  const declare = (name: string, value: unknown, assigns: boolean): void => {
    const known = assigns ? variables.findLast(([other]) => other === name) : undefined;
    if (known === undefined) variables.push([name, value]);
    else known[1] = value;
  };

  const evaluate = (pipeline: Pipeline, dot: unknown): unknown => {
    let value: unknown;
    for (const [i, command] of pipeline.commands.entries())
      value = runCommand(command, dot, i === 0 ? [] : [value]);
    for (const name of pipeline.variables) declare(name, value, pipeline.assigns);
    return value;
  };

  const runCommand = (command: Command, dot: unknown, piped: readonly unknown[]): unknown => {
    const [first, ...rest] = command.operands as [Operand, ...Operand[]];
    if (first.kind === "function") return callFunction(first.name, command, rest, dot, piped);
    const last = first.kind === "field" || first.kind === "variable" || first.kind === "pipeline";
    const hasPath = last && first.path.length > 0;
    if ((rest.length > 0 || piped.length > 0) && !hasPath)
      throw fail(first, `can't give argument to non-function ${first.text}`);
    const given = (): unknown[] => [...rest.map((operand) => valueOf(operand, dot)), ...piped];
    return valueOf(first, dot, rest.length + piped.length > 0 ? given : undefined);
  };

  const callFunction = (
    name: string,
    place: { at: number; text: string },
    rest: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown => {
    if (name === "and" || name === "or") {
      if (rest.length + piped.length === 0)
        throw fail({ ...place, text: name }, `wrong number of args for ${name}: want at least 1 got 0`);
      let value: unknown;
      for (const operand of rest) {
        value = valueOf(operand, dot);
        if (truth(value) === (name === "or")) return value;
      }
      return piped.length > 0 ? piped[0] : value;
    }
    const values = [...rest.map((operand) => valueOf(operand, dot)), ...piped];
    try {
      return (functions.get(name) as TemplateFunction)(
        ...values.map((value) => (value === NO_VALUE ? null : value)),
      );
    } catch (error) {
      if (error instanceof WrongCount)
        throw fail({ ...place, text: name }, error.message.replace("args", `args for ${name}`));
      throw fail(place, `error calling ${name}: ${(error as Error).message}`);
    }
  };

  const valueOf = (operand: Operand, dot: unknown, given?: () => unknown[]): unknown => {
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "literal":
        return operand.value;
      case "field":
        return follow(operand, dot, operand.path, given);
      case "variable": {
        const value = variables.findLast(([name]) => name === operand.name)?.[1];
        return follow(operand, value, operand.path, given);
      }
      case "function":
        return callFunction(operand.name, operand, [], dot, []);
      case "pipeline":
        return follow(operand, evaluate(operand.pipeline, dot), operand.path, given);
    }
  };

  const follow = (
    operand: Operand,
    start: unknown,
    path: readonly string[],
    given: (() => unknown[]) | undefined,
  ): unknown => {
    let value = start;
    for (const [i, name] of path.entries()) {
      value = fieldOf(operand, value, name);
      const isLast = i + 1 === path.length;
      if (typeof value === "function")
        value = callMethod(operand, name, value as TemplateFunction, isLast ? given : undefined);
      else if (isLast && given !== undefined)
        throw fail(operand, `${name} has arguments but cannot be invoked as function`);
    }
    return value;
  };

  const fieldOf = (operand: Operand, holder: unknown, name: string): unknown => {
    if (holder === NO_VALUE || holder === undefined) {
      if (missing === "error") throw fail(operand, `nil data; no entry for key "${name}"`);
      return NO_VALUE;
    }
    if (holder === null) throw fail(operand, `nil pointer evaluating interface {}.${name}`);
    if (typeof holder !== "object" || Array.isArray(holder))
      throw fail(operand, `can't evaluate field ${name} in type ${typeName(holder)}`);
    const shape = shapeOf(holder);
    if (Object.hasOwn(holder, name)) {
      const value = (holder as Record<string, unknown>)[name];
      if (value === undefined) return NO_VALUE;
      return value === null && shape?.kind === "struct" ? nullOf(name) : value;
    }
    if (shape !== undefined)
      throw fail(
        operand,
        `can't evaluate field ${name} in type ${shape.type}`,
        `there are ${Object.keys(holder)
          .map((key) => `.${key}`)
          .join(", ")}`,
      );
    if (missing === "error") throw fail(operand, `map has no entry for key "${name}"`);
    return NO_VALUE;
  };

  const callMethod = (
    operand: Operand,
    name: string,
    method: TemplateFunction,
    given: (() => unknown[]) | undefined,
  ): unknown => {
    const values = given?.() ?? [];
    if (values.length !== method.length)
      throw fail(operand, `wrong number of args for ${name}: want ${method.length} got ${values.length}`);
    return method(...values);
  };

  walk(syntax.body, data);
  return output.join("");
}
