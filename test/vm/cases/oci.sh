# An OCI bundle runs, by `husk oci run` and by `husk run --bundle`.
mkdir -p /tmp/bundle
cp -r $rootfs /tmp/bundle/rootfs
sed 's|/bin/true|/bin/hostname|' /repository/test/harness/default-config.json > /tmp/bundle/config.json
expect 0 husk oci run --bundle /tmp/bundle box
has runc
expect 0 husk run --bundle /tmp/bundle
