# The plan is told on this kernel and cgroup layout, with times when it is run.
expect 0 husk explain -m 16m --rootfs $rootfs -- true
has cgroup
expect 0 husk run --explain -m 16m --rootfs $rootfs -- true
