/** Flags of the commands about what a container changed; {@link Grammar} tells the form. */
export const CHANGE_FLAGS = {
  apply: `
-n --dry-run
`,
  diff: "\n",
} as const;
