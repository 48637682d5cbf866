/** Flags of the commands about a container's file system; {@link Grammar} tells the form. */
export const CHANGE_FLAGS = {
  apply: `
-n --dry-run
`,
  commit: `
-a --author string
-c --change list
-m --message string
-p --pause
`,
  cp: `
-a --archive
-L --follow-link
-q --quiet
`,
  diff: "\n",
  export: `
-o --output string file
`,
  fork: "\n",
} as const;
