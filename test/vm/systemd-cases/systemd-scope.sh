# --systemd-cgroup: a transient scope of systemd's is the container's group, with its limits, and goes with it.
quiet() { "$@" </dev/null >/tmp/quiet 2>&1 || { cat /tmp/quiet; return 1; }; }
property() { systemctl show -P "$1" husk-box.scope; }
bundle /tmp/scope 'trap exit TERM; while :; do sleep 0.1; done'
trap 'husk oci delete -f box; rm -r /tmp/scope' EXIT
edit '.linux.cgroupsPath = "machine.slice:husk:box" | .annotations = {"org.systemd.property.TimeoutStopSec": "7",
  "org.systemd.property.RuntimeMaxUSec": "uint64 3600000000"}
  | .linux.resources = {memory: {limit: 67108864, swap: 100663296, reservation: 16777216}, pids: {limit: 1}, devices: [{allow: false, access: "rwm"}],
  cpu: {shares: 2048, quota: 50000, period: 100000, cpus: "1"}}'
quiet husk oci --systemd-cgroup create box
group=/sys/fs/cgroup/machine.slice/husk-box.scope
equal "$(property ActiveState) $(property Slice) $(property Delegate)" "active machine.slice yes"
equal "$(property MemoryMax) $(property MemorySwapMax) $(property MemoryLow) $(property TasksMax)" "67108864 33554432 16777216 1"
equal "$(property CPUQuotaPerSecUSec) $(property AllowedCPUs) $(property CPUWeight)" "500ms 1 174"
equal "$(property TimeoutStopUSec) $(property RuntimeMaxUSec)" "7s 1h"
equal "$(property DevicePolicy)" strict
equal "$(cat $group/memory.max $group/pids.max $group/cpu.max $group/cpuset.cpus | xargs)" "67108864 1 50000 100000 1"
equal "$(cat $group/cgroup.procs)" "$(husk oci state box | jq .pid)"
quiet husk oci update --memory 80m --memory-swap 80m --pids-limit 30 --cpu-quota 20000 box
equal "$(property MemoryMax) $(property TasksMax) $(property CPUQuotaPerSecUSec)" "83886080 30 200ms"
equal "$(cat $group/memory.max $group/pids.max | xargs)" "83886080 30"
quiet husk oci start box
systemctl daemon-reload
equal "$(cat $group/memory.max $group/pids.max | xargs)" "83886080 30"
expect 0 husk oci exec box cat /proc/self/cgroup
has "0::/"
expect 0 husk oci exec box sh -c 'echo > /dev/null'
quiet husk oci pause box
quiet husk oci resume box
quiet husk oci --systemd-cgroup kill box TERM
wait_for sh -c '[ "$(husk oci state box | jq -r .status)" = stopped ]'
quiet husk oci --systemd-cgroup delete box
[ ! -e $group ]
equal "$(property LoadState)" not-found

# Without a path: husk-ID.scope in system.slice; run takes everything away itself.
edit 'del(.linux.cgroupsPath) | .linux.resources.pids.limit = 5 | .process.args = ["sh", "-c", "cat /proc/1/cgroup; exit 4"] | .linux.namespaces |= map(select(.type != "cgroup"))'
expect 4 husk oci --cgroup-manager systemd run box
has "0::/system.slice/husk-box.scope"
equal "$(property LoadState)" not-found
expect 4 husk oci --cgroup-manager disabled run box
has "0::/system.slice/husk-cases.service"

# Two of one name; one that fails; a name that is none.
systemd-run --scope --unit husk-box sleep 60 >/dev/null 2>&1 &
wait_for systemctl is-active husk-box.scope
expect 1 husk oci --systemd-cgroup run box
grep -q 'husk-box.scope exists already' /tmp/errors
systemctl stop husk-box.scope
edit '.process.args = ["/missing"]'
expect 1 husk oci --systemd-cgroup create box
equal "$(property LoadState)" not-found
edit '.linux.cgroupsPath = "/some/path"'
expect 1 husk oci --systemd-cgroup create box
grep -q 'expected cgroupsPath to be of format' /tmp/errors
