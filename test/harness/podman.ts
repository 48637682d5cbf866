// Settings of a podman that starts husk and runc.

/** containers.conf, with what podman needs to work without systemd; `husk` is the program. */
export function podmanSettings(husk: string): string {
  return `[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime_supports_json = ["husk", "runc"]
[engine.runtimes]
husk = ["${husk}"]
`;
}
