# The same for an ordinary user, with and without a range of ids.
need_user
expect 0 as_user husk unshare -Ur --pid --fork --mount-proc sh -c 'id -u; echo /proc/[0-9]*'
equal "$output" "0
/proc/1"
expect 125 as_user husk unshare --uts true
grep -q "add --user --map-root-user" /tmp/errors
expect 0 as_user husk unshare --map-auto --map-root-user sh -c 'wc -l < /proc/self/uid_map'
equal "$output" 2
expect 125 as_user husk cgroup create x
