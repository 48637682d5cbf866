/** Options before the command of `husk oci`, as runc and crun take them. */
export const OCI_FLAGS = `
--cgroup-manager string cgroupfs|systemd|disabled
--criu string
--log file file
--log-format string text|json
--log-level string debug|info|warn|warning|error
--rootless string true|false|auto
--systemd-cgroup
-v --version
`;

const CREATE = `
-b --bundle dir dir
-f --config file file
--console-socket file file
--no-new-keyring
--no-pivot
--pid-file file file
--pidfd-socket file file
--preserve-fds int
`;

/** What checkpoint and restore share. */
const CRIU = `
--auto-dedup
--empty-ns list network
--ext-unix-sk
--file-locks
--image-path dir dir
--lazy-pages
--manage-cgroups-mode string soft|full|strict|ignore
--shell-job
--tcp-established
--work-path dir dir
`;

/** The commands of `husk oci` with their flags. */
export const OCI_COMMANDS: Readonly<Record<string, string>> = {
  checkpoint: `${CRIU}--leave-running
--link-remap
--page-server string
--parent-path string
--pre-dump
--status-fd int
--tcp-skip-in-flight
`,
  create: CREATE,
  delete: "\n-f --force\n",
  exec: `
--apparmor string
-c --cap list @capability
--cgroup list
--console-socket file file
--cwd string
-d --detach
-e --env list
-g --additional-gids list
--ignore-paused
--no-new-privs
--pid-file file file
--pidfd-socket file file
--preserve-fds int
-p --process file file
--process-label string
-t --tty
-u --user string
`,
  events: "\n--interval duration\n--stats\n",
  features: "\n",
  kill: "\n-a --all\n",
  list: "\n-f --format string table|json\n-q --quiet\n",
  mounts: "\n",
  pause: "\n",
  ps: "\n-f --format string table|json\n",
  restore: `${CRIU}-b --bundle dir dir
--console-socket file file
-d --detach
--lsm-mount-context string
--lsm-profile string
--no-pivot
--no-subreaper
--pid-file file file
`,
  resume: "\n",
  run: `${CREATE}-d --detach
--keep
--no-subreaper
`,
  spec: "\n-b --bundle dir dir\n--rootless\n",
  start: "\n",
  state: "\n",
  update: `
--blkio-weight int
--cpu-burst int
--cpu-idle int
--cpu-period int
--cpu-quota int
--cpu-rt-period int
--cpu-rt-runtime int
--cpu-share int
--cpuset-cpus string
--cpuset-mems string
--memory bytes
--memory-reservation bytes
--memory-swap bytes
--pids-limit int
-r --resources file file
`,
};
