# When husk is killed, its container in the foreground dies too, and the next command leaves nothing behind.
before=$(cgroups)
gone() {
  ! pgrep -xf "$1"
}
husk run --rootfs $rootfs -- sleep 100.25 &
pid=$!
wait_for pgrep -xf 'sleep 100.25'
kill -KILL $pid
wait_for gone 'sleep 100.25'
expect 0 husk run --rootfs $rootfs -- true
equal "$(cgroups)" "$before"
