# Who takes more memory than --memory is killed, and says so with 137; the limit stands in memory.max.
expect 0 husk run -m 16m --rootfs $rootfs -- cat /sys/fs/cgroup/memory.max
equal "$output" 16777216
before=$(cgroups)
expect 137 husk run -m 16m --memory-swap 16m --rootfs $rootfs -- tail /dev/zero
equal "$(cgroups)" "$before"
