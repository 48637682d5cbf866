# --device-read-bps stands in io.max under the device's number.
dd if=/dev/zero of=/tmp/disk bs=1M count=4 2>/dev/null
loop=$(losetup -f)
losetup "$loop" /tmp/disk
expect 0 husk run --device-read-bps "$loop:1mb" --rootfs $rootfs -- cat /sys/fs/cgroup/io.max
has "rbps=1048576"
losetup -d "$loop"
