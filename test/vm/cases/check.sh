# husk says what this machine can do.
expect 0 husk check
has cgroup
expect 0 husk info
expect 0 husk version
