# At the top of a container, husk moves the processes that are in the way before it hands controllers down.
before=$(cgroups)
expect 0 husk run --privileged -v /repository/dist:/opt/husk:ro -v $rootfs:/rootfs host -- sh -euc '
  export HUSK_ROOT=/tmp/root HUSK_RUN=/tmp/run PATH=/opt/husk:$PATH
  husk cgroup create sandbox
  cat /proc/self/cgroup
  husk cgroup set sandbox pids.max=7 memory.max=50M
  husk cgroup exec sandbox cat /sys/fs/cgroup/sandbox/pids.max /proc/self/cgroup
  husk run --pids-limit 9 --rootfs /rootfs -- cat /sys/fs/cgroup/pids.max'
equal "$output" "0::/init
7
0::/sandbox
9"
equal "$(cgroups)" "$before"
