# What an OCI configuration can ask of cgroup v2 besides the usual: idle, huge pages, disks, files by their name.
bundle /tmp/oci-limits 'cd /sys/fs/cgroup; grep -H . cpu.idle io.max io.weight hugetlb.2MB.max hugetlb.2MB.rsvd.max cgroup.max.depth memory.low cpuset.mems pids.max 2>&1'
dd if=/dev/zero of=/tmp/limits-disk bs=1M count=4 2>/dev/null
loop=$(losetup -f)
losetup "$loop" /tmp/limits-disk
trap 'husk oci delete -f box; losetup -d $loop; rm -r /tmp/oci-limits' EXIT
edit ".linux.resources += {cpu: {idle: 1, mems: \"0\"}, hugepageLimits: [{pageSize: \"2MB\", limit: 4194304}],
  blockIO: {throttleReadBpsDevice: [{major: 7, minor: ${loop#/dev/loop}, rate: 1048576}]},
  memory: {reservation: 8388608}, unified: {\"cgroup.max.depth\": \"3\", \"pids.max\": \"77\"}}"
expect 0 husk oci run box
has "cpu.idle:1"
has "io.max:7:${loop#/dev/loop} rbps=1048576"
has "hugetlb.2MB.max:4194304"
has "hugetlb.2MB.rsvd.max:4194304"
has "cgroup.max.depth:3"
has "memory.low:8388608"
has "cpuset.mems:0"
has "pids.max:77"

# At the limit of memory the kernel ends the program; events tells of it.
edit '.linux.resources = {memory: {limit: 16777216, swap: 16777216}} | .process.args = ["sh", "-c", "sleep 1; tail /dev/zero"]'
husk oci create box </dev/null >/dev/null 2>&1
husk oci events --interval 1s box > /tmp/events &
events=$!
wait_for grep -q '"type":"stats"' /tmp/events
husk oci start box
wait_for sh -c '[ "$(husk oci state box | jq -r .status)" = stopped ]'
wait $events
output=$(cat /tmp/events)
has '"type":"oom"'
expect 0 husk oci delete box

# What v2 has not is refused by its name, and nothing is left.
edit '.linux.resources = {memory: {swappiness: 10}}'
expect 1 husk oci run box
grep -q swappiness /tmp/errors
[ ! -e /sys/fs/cgroup/husk-box ]
