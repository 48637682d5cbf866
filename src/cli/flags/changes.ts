/** Flags of the commands about a container's file system; {@link Grammar} tells the form. */
export const CHANGE_FLAGS = {
  apply: `
-n --dry-run
`,
  diff: "\n",
  fork: "\n",
} as const;
