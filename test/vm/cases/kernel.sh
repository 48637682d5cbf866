# The machine is what the other cases count on: Linux 6.1, pure cgroup v2, every capability.
case $(uname -r) in 6.1.*) ;; *) echo "kernel $(uname -r)"; exit 1 ;; esac
for controller in cpu cpuset io memory pids; do
  grep -qw $controller /sys/fs/cgroup/cgroup.controllers
done
equal "$(stat -f -c %T /sys/fs/cgroup)" cgroup2fs
last=$(cat /proc/sys/kernel/cap_last_cap)
equal "$(awk '/^CapEff/ {print $2}' /proc/self/status)" "$(printf '%016x' $(((1 << (last + 1)) - 1)))"
nft list tables
