# When husk is killed, its container in the foreground dies too, and the next command leaves nothing behind.
before=$(cgroups)
husk run --rootfs $rootfs -- sleep 100.25 &
pid=$!
for try in $(seq 100); do
  pgrep -xf 'sleep 100.25' >/dev/null && break
  sleep 0.1
done
kill -KILL $pid
for try in $(seq 100); do
  pgrep -xf 'sleep 100.25' >/dev/null || break
  sleep 0.1
done
! pgrep -xf 'sleep 100.25'
expect 0 husk run --rootfs $rootfs -- true
equal "$(cgroups)" "$before"
