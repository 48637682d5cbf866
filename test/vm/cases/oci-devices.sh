# Device rules of a running container are exchanged, by the program of its group; an open of before lives on.
bundle /tmp/oci-devices "sleep 60"
dd if=/dev/zero of=/tmp/update-disk bs=1M count=1 2>/dev/null
loop=$(losetup -f)
losetup "$loop" /tmp/update-disk
minor=${loop#/dev/loop}
mknod -m 666 rootfs/disk b 7 $minor
trap 'husk oci delete -f box; losetup -d $loop; rm -r /tmp/oci-devices' EXIT
husk oci run -d box </dev/null >/tmp/log 2>&1 || cat /tmp/log
reads() { husk oci exec box head -c "$1" "$2" 2>/tmp/log | wc -c; cat /tmp/log >&2; }
equal "$(reads 1 /disk) $(reads 1 /dev/zero)" "0 1"
echo "{\"devices\": [{\"allow\": true, \"type\": \"b\", \"major\": 7, \"minor\": $minor, \"access\": \"r\"}]}" > new.json
expect 0 husk oci update -r new.json box
equal "$(reads 1 /disk) $(reads 1 /dev/zero)" "1 1"
expect 1 husk oci exec box sh -c 'echo > /disk'
# Everything is allowed without any program, and a program comes back.
echo '{"devices": [{"allow": true, "access": "rwm"}]}' > new.json
expect 0 husk oci update -r new.json box
expect 0 husk oci exec box sh -c 'echo > /disk'
echo '{"devices": [{"allow": false, "access": "rwm"}], "pids": {"limit": 40}}' > new.json
expect 0 husk oci update -r new.json box
equal "$(reads 1 /disk) $(reads 1 /dev/zero)" "0 1"
equal "$(cat /sys/fs/cgroup/husk-box/pids.max)" 40
