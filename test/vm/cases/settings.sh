# Host name, environment, user, working directory, rlimits, sysctl and OOM score.
expect 0 husk run --hostname box -e NAME=value -u 1000:1000 -w /tmp --ulimit nofile=64:128 \
  --sysctl net.ipv4.ip_forward=1 --oom-score-adj 500 --rootfs $rootfs -- \
  sh -c 'hostname; echo $NAME; id -u; pwd; ulimit -n; cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj'
equal "$(echo $output)" "box value 1000 /tmp 64 1 500"
