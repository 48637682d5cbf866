# Control groups by hand for an ordinary user on v2: what root hands over with create -a can be used, and no more.
need_user
id=$(id -u husk-test):$(id -g husk-test)
top=/sys/fs/cgroup
before=$(cgroups)
mode() { stat -c "%u:%g %a" "$@"; }

# Not handed over: a clear refusal.
expect 125 as_user husk cgroup create mine
grep -q "is delegated to user" /tmp/errors

# The folder and what the kernel names for it become the user's; limits stay root's.
expect 0 husk cgroup create -a husk-test:husk-test -g cpu,memory,pids:given
equal "$(mode $top/given)" "$id 755"
for file in cgroup.procs cgroup.threads cgroup.subtree_control; do
  equal "$(mode $top/given/$file)" "$id 644"
done
equal "$(mode $top/given/memory.max)" "0:0 644"
expect 0 husk cgroup set given memory.max=64M pids.max=40

# Who takes processes in can be somebody else, and modes are the kernel's at most.
expect 0 husk cgroup create -a 4711:4712 -t husk-test:husk-test -d 750 -f 664 -s 660 -g cpu,memory:other
equal "$(mode $top/other)" "4711:4712 750"
equal "$(mode $top/other/cgroup.subtree_control)" "4711:4712 664"
equal "$(mode $top/other/cgroup.procs $top/other/cgroup.threads)" "$id 660
$id 660"
equal "$(mode $top/other/memory.max) $(mode $top/other/memory.current)" "0:0 664 0:0 444"
expect 0 husk cgroup rm other

# Inside what was handed over: groups, limits, programs. The shell that starts them has to be in there itself,
# since a process moves only below a group its user may write.
mkdir $top/given/shell
chown -R husk-test: $top/given/shell
echo $$ > $top/given/shell/cgroup.procs
cd /tmp
expect 0 as_user husk cgroup create job
equal "$(mode $top/given/job)" "$id 755"
grep -q memory $top/given/job/cgroup.controllers
expect 0 as_user husk cgroup set job memory.max=16M pids.max=10 cpu.max=50%
equal "$(cat $top/given/job/memory.max) $(cat $top/given/job/cpu.max)" "16777216 50000 100000"
expect 0 as_user husk cgroup get job memory.limit_in_bytes
equal "$output" "16777216"
expect 0 as_user husk cgroup create copy
expect 0 as_user husk cgroup set --copy-from job copy
equal "$(cat $top/given/copy/memory.max) $(cat $top/given/copy/pids.max)" "16777216 10"
expect 0 as_user husk cgroup exec job cat /proc/self/cgroup
equal "$output" "0::/given/job"
expect 137 as_user husk cgroup exec job tail /dev/zero
as_user husk cgroup exec job sleep 53.5 &
wait_for pgrep -xf "sleep 53.5"
expect 0 as_user husk cgroup freeze job
grep -q "frozen 1" $top/given/job/cgroup.events
expect 0 as_user husk cgroup attach --from job copy
grep -q "$(pgrep -xf "sleep 53.5")" $top/given/copy/cgroup.procs
expect 0 as_user husk cgroup thaw job
expect 0 as_user husk cgroup kill copy
expect 0 as_user husk cgroup rm job copy

# What bounds it is not the user's to move.
expect 2 as_user sh -c "echo max > $top/given/memory.max"
expect 125 as_user husk cgroup attach shell 1
grep -q "in v2 to the nearest group above both" /tmp/errors
echo 0 > $top/cgroup.procs
expect 0 husk cgroup rm -r given
equal "$(cgroups)" "$before"
