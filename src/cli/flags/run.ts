/** The flags of `run` (and `explain`); {@link Grammar} tells the form. */
export const RUN_FLAGS = `
--add-host list
--annotation map
-a --attach list stdin|stdout|stderr
--blkio-weight uint16
--blkio-weight-device list
--bundle dir dir
--cap-add list @capability
--cap-drop list @capability
--cgroup-parent string
--cgroupns string private|host
--cidfile string file
--cpu-period int
--cpu-quota int
--cpu-rt-period int
--cpu-rt-runtime int
-c --cpu-shares int
--cpus decimal
--cpuset-cpus string
--cpuset-mems string
-d --detach
--detach-keys string
--device list file
--device-cgroup-rule list
--device-read-bps list
--device-read-iops list
--device-write-bps list
--device-write-iops list
--disable-content-trust @hidden
--dns list
--dns-opt list @hidden
--dns-option list
--dns-search list
--domainname string
--entrypoint string
-e --env list
--env-file list file
--explain
--expose list
--format string text|json
--gidmap list
--gpus gpu-request
--group-add list
--health-cmd string
--health-interval duration
--health-retries int
--health-start-interval duration
--health-start-period duration
--health-timeout duration
-h --hostname string
--init
-i --interactive
--ipc string private|shareable|host|none
--kernel-memory bytes @hidden
-l --label list
--label-file list file
--log-driver string husk|json-file|journald|none
--log-opt list
-m --memory bytes
--memory-reservation bytes
--memory-swap bytes
--memory-swappiness int
--mount mount
--name string
--net string @hidden
--network string none|host
--no-healthcheck
--no-isolate list @isolation
--oom-kill-disable
--oom-score-adj int
--personality string linux|linux32
--pid string private|host
--pids-limit int
--platform string
--privileged
--pull string always|missing|never
-q --quiet
--read-only
--restart string no|on-failure|always|unless-stopped
--rm
--rootfs dir dir
--runtime string husk
--security-opt list @security
--shm-size bytes
--sig-proxy
--stop-signal string @signal
--stop-timeout int
--storage-opt list @hidden
--sysctl map
--timeout duration
--tmpfs list
-t --tty
--uidmap list
--ulimit ulimit @ulimit
-u --user string
--userns string private|host
--uts string private|host
-v --volume list dir
--volume-driver string local
--volumes-from list
--with list dir
-w --workdir string
`;

/** `explain` takes the same, and one more; measuring is for `run`. */
export const EXPLAIN_FLAGS: string = `\n--as-shell${RUN_FLAGS.split("\n--explain\n").join("\n")}`;

/** Of `run` alone: what the caller does with it while it runs. */
const NOT_OF_CREATE = [
  "--detach-keys string",
  "-d --detach",
  "--explain",
  "--format string text|json",
  "--sig-proxy",
];

/** `create` takes the same as `run`, as far as it is about the container. */
export function createFlags(): string {
  return RUN_FLAGS.split("\n")
    .filter((line) => !NOT_OF_CREATE.includes(line))
    .join("\n");
}

/** Flags of `docker run` that husk does not have yet. */
export const RUN_LATER = `
--cpu-count int
--cpu-percent int
--io-maxbandwidth bytes
--io-maxiops uint
--ip string
--ip6 string
--isolation string
--link list
--link-local-ip list
--mac-address string
--net-alias list
--network-alias list
-p --publish list
-P --publish-all
--use-api-socket
`;
