# A filter is on unless asked otherwise; what it denies fails.
expect 0 husk run --rootfs $rootfs -- grep Seccomp: /proc/self/status
has 2
expect 1 husk run --rootfs $rootfs -- unshare -U true
expect 0 husk run --security-opt seccomp=unconfined --rootfs $rootfs -- grep Seccomp: /proc/self/status
has 0
