# A plain run says nothing of its own: what goes without saying is no warning.
expect 0 husk run --rootfs $rootfs -- true
equal "$(cat /tmp/errors)" ""
need_user
expect 0 as_user husk run host -- true
equal "$(cat /tmp/errors)" ""
