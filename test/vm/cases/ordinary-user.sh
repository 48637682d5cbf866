# An ordinary user runs the host image as root of a user namespace with a range of ids.
need_user
expect 0 as_user husk run host -- sh -c 'id -u; wc -l < /proc/self/uid_map; hostname'
has "0
2"
expect 1 as_user husk run host -- cat /etc/shadow
