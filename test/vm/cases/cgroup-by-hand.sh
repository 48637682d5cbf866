# Control groups by hand on v2: controllers are handed down, v1's names work, and what is set holds.
before=$(cgroups)
top=/sys/fs/cgroup
expect 0 husk cgroup create -g cpu,memory,pids:sandbox
grep -q memory $top/cgroup.subtree_control
expect 0 husk cgroup set sandbox memory.limit_in_bytes=80M cpu.shares=1024 cpu.cfs_quota_us=20000 pids.max=20
equal "$(cat $top/sandbox/memory.max) $(cat $top/sandbox/cpu.weight) $(cat $top/sandbox/cpu.max)" \
  "83886080 100 20000 100000"
expect 0 husk cgroup set sandbox cpu.max=50% memory.swap.max=0 memory.max=16M
equal "$(cat $top/sandbox/cpu.max)" "50000 100000"
expect 0 husk cgroup get sandbox cpu.shares cpu.cfs_quota_us memory.limit_in_bytes
equal "$output" "cpu.shares: 1024
cpu.cfs_quota_us: 50000
memory.limit_in_bytes: 16777216"
expect 0 husk cgroup get sandbox memory.stat
has "anon 0"
expect 0 husk cgroup set sandbox cpu.max=max
# In the group before its first instruction, and limited there.
expect 0 husk cgroup exec sandbox cat /proc/self/cgroup
equal "$output" "0::/sandbox"
expect 137 husk cgroup exec sandbox tail /dev/zero
grep -q "oom_kill [1-9]" $top/sandbox/memory.events
# Frozen, thawed, killed; and it can be used again.
husk cgroup exec sandbox sleep 50.5 &
wait_for pgrep -xf 'sleep 50.5'
expect 0 husk cgroup freeze sandbox
grep -q "frozen 1" $top/sandbox/cgroup.events
expect 0 husk cgroup stat sandbox
has "(frozen)"
expect 125 husk cgroup rm sandbox
grep -q "still has processes" /tmp/errors
expect 0 husk cgroup kill sandbox
equal "$(cat $top/sandbox/cgroup.procs)" ""
expect 0 husk cgroup exec sandbox true
# What v2 has not enabled is named with its mend, which mends it.
mkdir $top/sandbox/below
expect 125 husk cgroup set sandbox/below memory.max=4M
grep -q "does not hand the memory controller down" /tmp/errors
grep -q "husk cgroup create memory:sandbox/below" /tmp/errors
expect 0 husk cgroup create memory:sandbox/below
expect 0 husk cgroup set sandbox/below memory.max=4M
sleep 51.5 &
expect 125 husk cgroup attach sandbox $!
grep -q "holds no processes itself: name one of those below" /tmp/errors
expect 0 husk cgroup attach sandbox/below $!
equal "$(cat /proc/$!/cgroup)" "0::/sandbox/below"
expect 125 husk cgroup set sandbox cpu.max="500 100000"
grep -q "from 1000 µs up" /tmp/errors
expect 0 husk cgroup kill sandbox
expect 0 husk cgroup rm -r sandbox
equal "$(cgroups)" "$before"
