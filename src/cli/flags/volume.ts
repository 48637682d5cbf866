/** Flags of `husk volume COMMAND`; {@link Grammar} tells the form. */
export const VOLUME_FLAGS = {
  create: `
-d --driver string local
--label list
-o --opt list
`,
  inspect: `
-f --format string
`,
  ls: `
-f --filter list
--format string
-q --quiet
`,
  prune: `
-a --all
--filter list
-f --force
`,
  rm: `
-f --force
`,
} as const;
