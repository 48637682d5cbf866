/** A value in an action. `at` and `text` are for errors. */
export type Operand = { readonly at: number; readonly text: string } & (
  | { readonly kind: "dot" }
  | { readonly kind: "nil" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "field"; readonly path: readonly string[] }
  | { readonly kind: "variable"; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline; readonly path: readonly string[] }
);

/** A function or method with its arguments, or one value. */
export interface Command {
  readonly at: number;
  readonly text: string;
  readonly operands: readonly Operand[];
}

/** Commands, each of which gets the result of the one before as its last argument. */
export interface Pipeline {
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly pipeline: Pipeline | undefined;
      readonly at: number;
    }
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

/** A parsed template. */
export interface Syntax {
  readonly source: string;
  readonly body: readonly Node[];
  /** What `define` and `block` name. */
  readonly templates: ReadonlyMap<string, readonly Node[]>;
}
