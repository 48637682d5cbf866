# The program is pid 1 and sees only the container's processes.
expect 0 husk run --rootfs $rootfs -- sh -c 'echo $$; ls -d /proc/[0-9]* | wc -l'
has "1
"
[ "${output##*
}" -le 3 ]
