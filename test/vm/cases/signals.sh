# SIGTERM reaches the program through husk, and its status comes back.
husk run --rootfs $rootfs -- sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 0.1; done' >/tmp/signals &
pid=$!
wait_for grep -q ready /tmp/signals
kill -TERM $pid
status=0
wait $pid || status=$?
equal $status 42
