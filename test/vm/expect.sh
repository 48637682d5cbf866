# What the cases share. $rootfs is a root file system with busybox.
rootfs=/root/rootfs

# expect STATUS COMMAND…: runs it; what it writes to standard output is kept in $output.
expect() {
  wanted=$1
  shift
  got=0
  output=$("$@" 2>/tmp/errors) || got=$?
  echo "\$ $*"
  echo "$output"
  cat /tmp/errors
  [ "$got" = "$wanted" ] || { echo "status $got, not $wanted"; exit 1; }
}

# equal GOT WANTED
equal() {
  [ "$1" = "$2" ] || { echo "it is '$1', not '$2'"; exit 1; }
}

# has TEXT: the last output holds it.
has() {
  case $output in *"$1"*) ;; *) echo "no '$1' in it"; exit 1 ;; esac
}

# wait_for COMMAND…: until it succeeds, at most half a minute.
wait_for() {
  for try in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "in vain: $*"
  exit 1
}

# skip REASON
skip() {
  echo "$1"
  exit 77
}

# as_user COMMAND…: as the ordinary test user.
as_user() {
  setpriv --reuid=husk-test --regid=husk-test --init-groups --inh-caps=-all -- \
    env HOME=/home/husk-test USER=husk-test XDG_RUNTIME_DIR=/run/user/husk-test "$@"
}

need_user() {
  getent passwd husk-test >/dev/null || skip "the user husk-test"
  mkdir -p /home/husk-test /run/user/husk-test
  chown husk-test: /home/husk-test /run/user/husk-test
}

# All cgroups but the root.
cgroups() {
  find /sys/fs/cgroup -mindepth 1 -type d
}

# bundle FOLDER PROGRAM: an OCI bundle whose container executes a shell line; its configuration is edited by `edit`.
bundle() {
  mkdir -p "$1"
  cd "$1"
  cp -r $rootfs rootfs
  rm -f config.json
  husk oci spec
  edit ".process.terminal = false | .process.args = [\"sh\", \"-c\", \"$2\"]"
}

# edit FILTER: changes config.json, or $2, by a filter of jq's.
edit() {
  jq "$1" "${2:-config.json}" > edited.json
  mv edited.json "${2:-config.json}"
}
