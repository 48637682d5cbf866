# The container sees its own cgroup as the root, and cannot write to it.
expect 0 husk run --rootfs $rootfs -- sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs | head -n 1'
has "0::/
1"
expect 0 husk run --rootfs $rootfs -- sh -c '! echo 0 > /sys/fs/cgroup/cgroup.procs; ! mkdir /sys/fs/cgroup/x'
