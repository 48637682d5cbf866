# Every namespace is a new one but the user and time namespaces.
list='for kind in mnt pid uts ipc net cgroup user; do readlink /proc/self/ns/$kind; done'
outside=$(sh -c "$list")
expect 0 husk run --rootfs $rootfs -- sh -c "$list"
for inside in $output; do
  case $inside in user:*) continue ;; esac
  case $outside in *"$inside"*) echo "shared: $inside"; exit 1 ;; esac
done
has "$(readlink /proc/self/ns/user)"
