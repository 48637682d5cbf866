# Root of a container's user namespace owns its group: it makes groups, moves processes and enables controllers, but
# cannot raise its own limits. Nothing is left of the groups it made.
bundle /tmp/delegate 'cd /sys/fs/cgroup && mkdir a b && echo 0 > a/cgroup.procs && echo +pids > cgroup.subtree_control && cat /proc/self/cgroup; ls b/pids.max; ! echo max > pids.max; stat -c %u . cgroup.procs cgroup.subtree_control cgroup.threads pids.max | xargs'
trap 'cd /; rm -r /tmp/delegate' EXIT
mkdir -p rootfs/sys
chown -R 100000:100000 rootfs
edit '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = .linux.uidMappings | .linux.resources = {pids: {limit: 20}}
  | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options = ["nosuid", "nodev", "noexec"] else . end)'
expect 0 husk oci run box
has "0::/a"
has "b/pids.max"
has "0 0 0 0 65534"
[ ! -e /sys/fs/cgroup/husk-box ]
# Read-only, nothing changes hands.
edit '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options += ["ro"] else . end)
  | .process.args = ["stat", "-c", "%u", "/sys/fs/cgroup", "/sys/fs/cgroup/cgroup.procs"]'
expect 0 husk oci run box
equal "$(echo $output)" "65534 65534"
