# An ordinary user's own systemd makes the scope, also for a caller outside of what that systemd manages.
need_user
trap 'systemctl stop user-systemd; rm -rf /tmp/user-scope' EXIT
systemctl start user-systemd
property() { as_user systemctl --user show -P "$1" "$2"; }
bundle /tmp/user-scope true
rm config.json
chown husk-test: .
as_user husk oci spec --rootless
edit '.process.terminal = false | .process.args = ["sh", "-c", "while :; do sleep 0.1; done"]
  | .linux.cgroupsPath = "user.slice:husk:box" | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}}'
chown -R husk-test: /tmp/user-scope
oci() { as_user husk oci --systemd-cgroup "$@" </dev/null; }
oci create box >/tmp/quiet 2>&1 || { cat /tmp/quiet; exit 1; }
group=$(property ControlGroup husk-box.scope)
case $group in */user-systemd.service/user.slice/husk-box.scope) ;; *) echo "in '$group'"; exit 1 ;; esac
equal "$(cat /sys/fs/cgroup$group/memory.max /sys/fs/cgroup$group/pids.max | xargs)" "67108864 20"
pid=$(oci state box | jq .pid)
equal "$(cat /sys/fs/cgroup$group/cgroup.procs)" "$pid"
oci start box
expect 3 oci exec box sh -c 'exit 3'
oci update --memory 70m --pids-limit 10 box
equal "$(property MemoryMax husk-box.scope) $(cat /sys/fs/cgroup$group/pids.max)" "73400320 10"
oci pause box
equal "$(oci state box | jq -r .status)" paused
oci resume box
expect 0 oci kill box KILL
wait_for sh -c "! kill -0 $pid"
expect 0 oci delete box
equal "$(property LoadState husk-box.scope)" not-found
[ ! -e "/sys/fs/cgroup$group" ]

# A controller that systemd was not told to hand on is refused with what mends it.
edit '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
expect 1 oci create box
grep -q 'no hugetlb control group is delegated' /tmp/errors
equal "$(property LoadState husk-box.scope)" not-found
