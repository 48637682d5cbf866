/** Flags of the commands for images; {@link Grammar} tells the form. */
export const IMAGE_FLAGS = {
  pull: `
-a --all-tags
--platform string
-q --quiet
`,
  push: `
-a --all-tags
--platform string
-q --quiet
`,
  images: `
-a --all
--digests
-f --filter list
--format string
--no-trunc
-q --quiet
`,
  rmi: `
-f --force
--no-prune
--platform string
`,
  tag: "\n",
  history: `
--format string
-H --human
--no-trunc
--platform string
-q --quiet
`,
  inspect: `
-f --format string
--platform string
-s --size
--type string
`,
  save: `
--format string docker-archive|oci-archive|oci-dir
-o --output path file
--platform string
`,
  load: `
-i --input path file
--platform string
-q --quiet
`,
  import: `
-c --change list
-m --message string
--platform string
`,
  search: `
-f --filter list
--format string
--limit int
--list-tags
--no-trunc
`,
  login: `
-p --password string
--password-stdin
-u --username string
`,
  logout: "\n",
  "image inspect": `
-f --format string
--platform string
`,
  "image prune": `
-a --all
--filter list
-f --force
`,
  "system df": `
--format string
-v --verbose
`,
} as const;
