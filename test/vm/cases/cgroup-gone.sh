# No cgroup is left, whether the program ends by itself, is killed, or cannot be started.
before=$(cgroups)
expect 3 husk run --pids-limit 20 --rootfs $rootfs -- sh -c 'exit 3'
expect 137 husk run --init --pids-limit 20 --rootfs $rootfs -- sh -c 'sleep 100 & kill -9 $$'
expect 127 husk run --pids-limit 20 --rootfs $rootfs -- no-such-program
equal "$(cgroups)" "$before"
