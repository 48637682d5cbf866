# Device nodes that a root file system brings along: a program (eBPF) lets the container open those of its rules only.
dd if=/dev/zero of=/tmp/node-disk bs=1M count=1 2>/dev/null
loop=$(losetup -f)
losetup "$loop" /tmp/node-disk
minor=${loop#/dev/loop}
mknod -m 666 $rootfs/disk b 7 $minor
mknod -m 666 $rootfs/random c 1 9
trap 'rm -f $rootfs/disk $rootfs/random; losetup -d $loop' EXIT
expect 0 head -c 1 $rootfs/disk
count='head -c 1 /disk 2>/dev/null | wc -c; head -c 2 /random 2>/dev/null | wc -c; head -c 3 /dev/zero | wc -c'
equal "$(husk run --rootfs $rootfs -- sh -c "$count")" "0
2
3"
equal "$(husk run --device $loop --rootfs $rootfs -- sh -c "$count")" "1
2
3"
equal "$(husk run --device $loop:/dev/x:w --rootfs $rootfs -- sh -c "$count; head -c 1 /dev/x 2>/dev/null | wc -c; echo > /dev/x && echo written")" "0
2
3
0
written"
equal "$(husk run --uidmap 0:100000:65536 --rootfs $rootfs -- sh -c "$count")" "0
2
3"
equal "$(husk run --privileged --rootfs $rootfs -- sh -c "$count")" "1
2
3"

# CAP_MKNOD is there, and what it makes opens only if the rules say so.
equal "$(husk run --rootfs $rootfs -- sh -c "mknod /tmp/d b 7 $minor && echo made; head -c 1 /tmp/d 2>/dev/null | wc -c; mknod /tmp/n c 1 3 && cat /tmp/n && echo null")" "made
0
null"
