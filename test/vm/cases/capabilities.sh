# Docker's default capabilities without NET_RAW, and without MKNOD where no control group guards devices, as in the script
# of a shell, which can load no program that would; --cap-add and --cap-drop change them.
bounding='grep CapBnd /proc/self/status'
expect 0 husk run --rootfs $rootfs -- sh -c "$bounding"
has 00000000a80405fb
husk explain --as-shell --rootfs $rootfs -- sh -c "$bounding" >/tmp/by-hand.sh
expect 0 sh /tmp/by-hand.sh
has 00000000a00405fb
expect 0 husk run --cap-drop ALL --cap-add CHOWN --rootfs $rootfs -- sh -c "$bounding"
has 0000000000000001
