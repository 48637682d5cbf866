# podman with systemd's cgroup manager drives husk as it drives runc.
for program in podman conmon runc; do command -v $program >/dev/null || skip $program; done
mkdir -p /tmp/storage /tmp/run-storage
podman() {
  command podman --root /tmp/storage --runroot /tmp/run-storage --storage-driver vfs --events-backend file \
    --cgroup-manager systemd --runtime "$runtime" "$@"
}
life() {
  runtime=$1
  podman run -d --name one --network none -m 64m --pids-limit 30 --cpus 0.5 --log-driver k8s-file --rootfs $rootfs sh -c 'trap exit TERM; while :; do sleep 0.1; done' >/dev/null
  scope=$(systemctl list-units --plain --no-legend 'libpod-*.scope' | grep -v conmon | cut -d ' ' -f 1)
  for property in Slice Delegate MemoryMax TasksMax CPUQuotaPerSecUSec; do systemctl show -p $property "$scope"; done
  podman exec one sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; exit 3' || echo "exec $?"
  podman update --memory 80m one >/dev/null
  systemctl show -p MemoryMax "$scope"
  podman stop -t 5 one >/dev/null
  podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
  podman rm one >/dev/null
  systemctl show -p LoadState "$scope"
}
life /repository/dist/husk-oci > /tmp/podman.husk 2>&1 || { cat /tmp/podman.husk; exit 1; }
life runc > /tmp/podman.runc 2>&1 || { cat /tmp/podman.runc; exit 1; }
cat /tmp/podman.husk
diff /tmp/podman.husk /tmp/podman.runc
grep -q MemoryMax=67108864 /tmp/podman.husk
