# Namespaces by hand on Debian's kernel: all at once into a jail, by time, kept by a file, and joined.
expect 0 husk unshare --mount --uts --ipc --net --pid --fork --user --map-root-user chroot $rootfs sh -c '
  mount -t proc proc /proc; hostname inside; hostname; echo $$; id -u; echo /proc/[0-9]*'
equal "$output" "inside
1
0
/proc/1"
expect 0 husk unshare --time --fork --boottime 1000000 cat /proc/uptime
[ "${output%%.*}" -gt 999999 ]
touch /run/uts
expect 0 husk unshare --uts=/run/uts hostname kept
expect 0 husk nsenter --uts=/run/uts hostname
equal "$output" kept
umount /run/uts
husk unshare -muinpfCr --mount-proc sleep 52.5 &
wait_for pgrep -xf 'sleep 52.5'
expect 0 husk nsenter -t "$(pgrep -xf 'sleep 52.5')" -a sh -c 'ps -o comm= 1; id -u'
equal "$output" "sleep
0"
pkill -xf 'sleep 52.5'
