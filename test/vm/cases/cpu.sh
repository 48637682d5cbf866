# --cpus becomes quota and period, and the kernel throttles.
expect 0 husk run --cpus 0.2 --rootfs $rootfs -- sh -c '
  cat /sys/fs/cgroup/cpu.max
  end=$(($(date +%s) + 2))
  while [ $(date +%s) -lt $end ]; do :; done
  grep nr_throttled /sys/fs/cgroup/cpu.stat'
has "20000 100000"
case $output in *"nr_throttled 0"*) exit 1 ;; esac
expect 0 husk run --cpu-shares 512 --rootfs $rootfs -- cat /sys/fs/cgroup/cpu.weight
[ "$output" -gt 10 ] && [ "$output" -lt 100 ]
