# Docker's default capabilities without NET_RAW; --cap-add, --cap-drop and --privileged change them.
bounding='grep CapBnd /proc/self/status'
expect 0 husk run --rootfs $rootfs -- sh -c "$bounding"
has 00000000a80405fb
expect 0 husk run --cap-drop ALL --cap-add CHOWN --rootfs $rootfs -- sh -c "$bounding"
has 0000000000000001
expect 0 husk run --privileged --rootfs $rootfs -- sh -c "$bounding"
has "$(awk '/^CapBnd/ {print $2}' /proc/self/status)"
