# --memory-swap counts memory and swap together in docker's spelling; cgroup v2 counts swap alone.
expect 0 husk run -m 16m --memory-swap 24m --memory-reservation 8m --rootfs $rootfs -- \
  sh -c 'cd /sys/fs/cgroup; cat memory.max memory.low; [ ! -e memory.swap.max ] || cat memory.swap.max'
has "16777216
8388608"
