/** Options before the command of `husk oci`, as runc and crun take them. */
export const OCI_FLAGS = `
--log file file
--log-format string text|json
-v --version
`;

/** Options of runc and crun that husk does not have yet. */
export const OCI_LATER = `
--cgroup-manager string
--criu string
--log-level string
--rootless string
--systemd-cgroup
`;

/** Flags of `husk oci run`. */
export const OCI_RUN_FLAGS = `
-b --bundle dir dir
--no-new-keyring
--no-pivot
--pid-file file file
--preserve-fds int
`;

/** Flags of runc and crun for `run` that husk does not have yet. */
export const OCI_RUN_LATER = `
-f --config file
--console-socket file
-d --detach
--keep
--no-subreaper
--pidfd-socket file
`;

/** Commands of runc and crun that husk does not have yet. */
export const OCI_LATER_COMMANDS =
  "checkpoint create delete events exec features kill list mounts pause ps restore resume spec start state update";
