/** Flags of the commands for images; {@link Grammar} tells the form. */
export const IMAGE_FLAGS = {
  pull: `
--platform string
-q --quiet
`,
  push: `
--platform string
-q --quiet
`,
  images: `
--digests
--format string text|json
--no-trunc
-q --quiet
`,
  rmi: `
-f --force
`,
  tag: "\n",
  history: `
--format string text|json
--no-trunc
-q --quiet
`,
  login: `
-p --password string
--password-stdin
-u --username string
`,
  logout: "\n",
} as const;
