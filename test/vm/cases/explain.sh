# The plan is told on this kernel and cgroup layout, with times when it is run.
expect 0 husk explain -m 16m --rootfs $rootfs -- true
has cgroup
expect 0 husk run --explain -m 16m --rootfs $rootfs -- true
# The shell script of it makes the same container, as root and as an ordinary user, and leaves nothing.
before=$(cgroups)
husk explain --as-shell -m 16m host -- sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max; exit 3' >/tmp/by-hand.sh
expect 3 sh /tmp/by-hand.sh
equal "$output" "0::/
16777216"
husk explain --as-shell --uidmap 0:100000:65536 --rootfs $rootfs -- sh -c 'cat /proc/self/uid_map; exit 4' >/tmp/by-hand.sh
expect 4 sh /tmp/by-hand.sh
has 100000
equal "$(cgroups)" "$before"
need_user
as_user husk explain --as-shell host -- sh -c 'id -u; exit 5' >/tmp/by-hand.sh
expect 5 as_user sh /tmp/by-hand.sh
equal "$output" 0
