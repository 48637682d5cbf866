/** Flags of the commands that look at containers and enter them; {@link Grammar} tells the form. */
export const CONTAINER_FLAGS = {
  attach: `
--detach-keys string
--no-stdin
--sig-proxy
`,
  exec: `
-d --detach
--detach-keys string
-e --env list
--env-file list file
-i --interactive
--privileged
-t --tty
-u --user string
-w --workdir string
`,
  logs: `
--details
-f --follow
--since string
-n --tail string
-t --timestamps
--until string
`,
  port: "\n",
  ps: `
-a --all
-f --filter filter
--format string
-n --last int
-l --latest
--no-trunc
-q --quiet
-s --size
`,
  stats: `
-a --all
--format string
--no-stream
--no-trunc
`,
  top: `
--format string text|json
`,
} as const;
