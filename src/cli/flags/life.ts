/** Flags of the commands that change how containers fare; {@link Grammar} tells the form. */
export const LIFE_FLAGS = {
  "container prune": `
--filter list
-f --force
`,
  events: `
-f --filter filter
--format string
--since string
--until string
`,
  kill: `
-s --signal string @signal
`,
  pause: "\n",
  rename: "\n",
  restart: `
-s --signal string @signal
-t --timeout int
--time int @hidden
`,
  rm: `
-f --force
-l --link
-v --volumes
`,
  start: `
--all
-a --attach
--detach-keys string
-i --interactive
`,
  stop: `
--all
-s --signal string @signal
-t --timeout int
--time int @hidden
`,
  "system prune": `
-a --all
--filter list
-f --force
--volumes
`,
  "system reset": `
-f --force
`,
  "system unit": "\n",
  unpause: "\n",
  update: `
--blkio-weight uint16
--cpu-period int
--cpu-quota int
-c --cpu-shares int
--cpus decimal
--cpuset-cpus string
--cpuset-mems string
-m --memory bytes
--memory-reservation bytes
--memory-swap bytes
--pids-limit int
--restart string no|on-failure|always|unless-stopped
`,
  wait: "\n",
} as const;
