import { HuskError } from "../../platform/error.ts";

/** A template that is none, in Go's words. */
export function templateError(source: string, at: number, why: string): HuskError {
  const { line } = placeOf(source, at);
  return new HuskError("invalid", `template parsing error: template: :${line}: ${why}`, {
    hint: "--format takes a Go template such as '{{.ID}}: {{json .}}', 'table {{.ID}}', or json",
  });
}

/** A template that does not fit the data. `text` is the part of it that does not. */
export function executionError(
  source: string,
  { at, text }: { at: number; text: string },
  why: string,
  hint?: string,
): HuskError {
  const { line, column } = placeOf(source, at);
  return new HuskError(
    "invalid",
    `template parsing error: template: :${line}:${column}: executing "" at <${text}>: ${why}`,
    hint === undefined ? {} : { hint },
  );
}

/** Line from 1, byte of the line from 0, as text/template counts. */
function placeOf(source: string, at: number): { line: number; column: number } {
  const before = source.slice(0, at).split("\n");
  return { line: before.length, column: Buffer.byteLength(before.at(-1) as string) };
}
