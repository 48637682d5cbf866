# A fork bomb ends at --pids-limit.
expect 0 husk run --pids-limit 10 --rootfs $rootfs -- \
  sh -c 'for i in $(seq 30); do sleep 5 & done 2>/dev/null; cat /sys/fs/cgroup/pids.max; grep max /sys/fs/cgroup/pids.events'
has 10
