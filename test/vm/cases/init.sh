# --init: pid 1 reaps what the program leaves, passes signals on and its status back.
expect 7 husk run --init --rootfs $rootfs -- sh -c 'exit 7'
expect 0 husk run --init --rootfs $rootfs -- sh -c 'echo $$; (sleep 0.2 &); sleep 1; ps -o stat'
case $output in 1"
"* | *Z*) exit 1 ;; esac
