# Limits work for an ordinary user where cgroups are delegated to it, and are refused where they are not.
need_user
expect 125 as_user husk run -m 16m host -- true
delegated=/sys/fs/cgroup/husk-test
echo "+memory +pids +cpu" > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p $delegated/shell
chown -R husk-test: $delegated
echo $$ > $delegated/shell/cgroup.procs
status=0
output=$(as_user husk run -m 16m --pids-limit 50 host -- cat /sys/fs/cgroup/memory.max) || status=$?
echo 0 > /sys/fs/cgroup/cgroup.procs
echo "$output"
equal "$status $output" "0 16777216"
find $delegated -depth -type d -exec rmdir {} +
