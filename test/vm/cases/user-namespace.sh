# --uidmap and --gidmap make a user namespace whose root is nobody outside.
expect 0 husk run --uidmap 0:100000:65536 --gidmap 0:100000:65536 host -- cat /proc/self/uid_map
equal "$(echo $output)" "0 100000 65536"
husk run --uidmap 0:100000:65536 --gidmap 0:100000:65536 host -- sleep 3.217 &
for try in $(seq 50); do
  pid=$(pgrep -xf 'sleep 3.217' | tail -n 1) && break
  sleep 0.1
done
equal "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" 100000
wait
