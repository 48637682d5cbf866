# Device nodes that a root file system brings along: nothing in a pure cgroup v2 checks who opens them, so its mount does.
mknod -m 666 $rootfs/node c 1 9
trap 'rm -f $rootfs/node' EXIT
expect 0 head -c 1 $rootfs/node
equal "$(husk run --rootfs $rootfs -- sh -c 'head -c 1 /node 2>/dev/null | wc -c; head -c 3 /dev/zero | wc -c')" "0
3"
equal "$(husk run --uidmap 0:100000:65536 --rootfs $rootfs -- sh -c 'head -c 1 /node 2>/dev/null | wc -c')" 0
equal "$(husk run --privileged --rootfs $rootfs -- sh -c 'head -c 1 /node | wc -c')" 1
