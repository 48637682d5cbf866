# SIGTERM reaches the program through husk, and its status comes back.
husk run --rootfs $rootfs -- sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 0.1; done' >/tmp/signals &
pid=$!
for try in $(seq 100); do
  grep -q ready /tmp/signals && break
  sleep 0.1
done
kill -TERM $pid
status=0
wait $pid || status=$?
equal $status 42
