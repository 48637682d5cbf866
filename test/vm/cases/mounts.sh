# Read-only root, tmpfs, bind mounts, and nothing of it on the host, even where the host shares its mounts.
mount --make-rshared /
before=$(cat /proc/self/mountinfo)
mkdir -p /tmp/shared
echo hello > /tmp/shared/file
expect 1 husk run --read-only --rootfs $rootfs -- touch /file
expect 0 husk run --read-only --tmpfs /scratch:size=1m --rootfs $rootfs -- sh -c 'touch /scratch/file; df -k /scratch'
has 1024
expect 1 husk run -v /tmp/shared:/shared:ro --rootfs $rootfs -- sh -c 'cat /shared/file; touch /shared/other'
has hello
expect 0 husk run -v /tmp/shared:/shared --rootfs $rootfs -- touch /shared/other
[ -e /tmp/shared/other ]
equal "$(cat /proc/self/mountinfo)" "$before"
