# --cpuset-cpus leaves one processor of two.
expect 0 husk run --cpuset-cpus 1 --rootfs $rootfs -- sh -c 'nproc; grep Cpus_allowed_list /proc/self/status'
has "1
Cpus_allowed_list:	1"
