# The host image has this machine's programs, hides what is private, and keeps writes to itself.
expect 0 husk run host -- sh -c 'dpkg --version | head -n 1; id -u; touch /usr/written /etc/written'
has Debian
[ ! -e /usr/written ] && [ ! -e /etc/written ]
expect 1 husk run host -- cat /etc/shadow
