# An ordinary user's limits: where nothing is delegated, the user's own systemd hands over a scope, which goes with the
# container; without one, a limit is refused.
need_user
expect 125 as_user husk run -m 16m host -- true
systemctl start user-systemd
trap 'systemctl stop user-systemd' EXIT
expect 0 as_user husk run -m 16m --pids-limit 50 host -- cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
equal "$(echo $output)" "16777216 50"
expect 0 as_user husk run -m 32m --cgroupns host host -- cat /proc/self/cgroup
case $output in 0::*/user-systemd.service/*/husk-*.scope/husk-*) ;; *) exit 1 ;; esac
wait_for sh -c '[ -z "$(find /sys/fs/cgroup -name "husk-*.scope")" ]'
