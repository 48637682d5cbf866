# --uidmap and --gidmap make a user namespace whose root is nobody outside.
expect 0 husk run --uidmap 0:100000:65536 --gidmap 0:100000:65536 host -- cat /proc/self/uid_map
equal "$(echo $output)" "0 100000 65536"
husk run --uidmap 0:100000:65536 --gidmap 0:100000:65536 host -- sleep 103.25 &
wait_for pgrep -xf 'sleep 103.25'
equal "$(awk '/^Uid/ {print $2}' "/proc/$(pgrep -xf 'sleep 103.25')/status")" 100000
pkill -KILL -xf 'sleep 103.25'
wait
