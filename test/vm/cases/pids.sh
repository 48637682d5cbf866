# A fork bomb ends at --pids-limit. What reads the result may not need a process any more.
expect 0 husk run --pids-limit 10 --rootfs $rootfs -- sh -c '
  (for i in $(seq 30); do sleep 5 & done) 2>/dev/null
  cd /sys/fs/cgroup
  while read line; do echo "$line"; done < pids.max
  while read line; do echo "$line"; done < pids.events'
has 10
case $output in *"max 0"*) exit 1 ;; esac
