# The whole life of a container on pure cgroup v2, by husk and by runc: the same answers, and nothing is left.
quiet() { "$@" </dev/null >/tmp/quiet 2>&1 || { cat /tmp/quiet; return 1; }; }
status() { $runtime state box | jq -r .status; }

life() {
  runtime=$1
  group=$2
  bundle "/tmp/life-$3" 'trap exit TERM; sleep 1000 & wait'
  edit ".linux.cgroupsPath = \"$group\" | .linux.resources.unified = {\"memory.high\": \"60000000\"}
    | .linux.resources.memory = {limit: 67108864, swap: 100663296} | .linux.resources.pids = {limit: 20}
    | .linux.resources.cpu = {shares: 2048, quota: 50000, period: 100000, burst: 10000, cpus: \"1\"}"
  folder=/sys/fs/cgroup$group
  show() { (cd $folder && grep . "$@"); }

  quiet $runtime create box
  status
  quiet $runtime start box
  status
  show memory.max memory.high memory.swap.max pids.max cpu.weight cpu.max cpuset.cpus
  [ "$runtime" = runc ] || show cpu.max.burst
  $runtime exec box sh -c 'cat /proc/self/cgroup; exit 3' || echo "exec $?"
  $runtime ps -f json box | jq length
  $runtime list -q

  quiet $runtime pause box
  status
  show cgroup.freeze
  quiet $runtime exec box true || echo "exec while paused $?"
  quiet $runtime resume box
  status

  quiet $runtime update --memory 80m --memory-swap 100m --pids-limit 30 --cpu-quota 20000 --cpuset-cpus 0-1 --cpu-share 512 box
  show memory.max memory.swap.max pids.max cpu.weight cpu.max cpuset.cpus
  $runtime events --stats box | jq -c '.data | [.memory.usage.limit, .pids.limit, (.cpu.usage.total > 0), (.memory.raw | has("anon"))]'
  quiet $runtime delete box || echo "delete while running $?"

  quiet $runtime exec -d box sleep 100
  quiet $runtime kill --all box KILL
  wait_for sh -c "[ \$($runtime state box | jq -r .status) = stopped ]"
  status
  quiet $runtime kill box 2>/dev/null || echo "kill when stopped $?"
  quiet $runtime delete box
  [ -e $folder ] && echo "left: $folder"
  quiet $runtime state box || echo "state when deleted $?"

  # A signal to the first process only, and deletion by force of what was never started.
  quiet $runtime run -d box
  quiet $runtime kill box TERM
  wait_for sh -c "[ \$($runtime state box | jq -r .status) = stopped ]"
  quiet $runtime delete box
  quiet $runtime create box
  quiet $runtime delete -f box
  [ -e $folder ] && echo "left: $folder"
  cd /
  rm -r "/tmp/life-$3"
}

life "husk oci" /one/husk husk > /tmp/life.husk 2>&1 || { cat /tmp/life.husk; exit 1; }
command -v runc >/dev/null || skip runc
life runc /two/runc runc > /tmp/life.runc 2>&1 || { cat /tmp/life.runc; exit 1; }
[ ! -e /sys/fs/cgroup/one ] || { echo "left: /one"; exit 1; }
# runc of that age has no burst, and turns shares into a weight by another formula than runc 1.3 does.
same() { sed '/^cpu.weight:/d; /^10000$/d; s/^time="[^"]*"//' "$1"; }
same /tmp/life.husk > /tmp/same.husk
same /tmp/life.runc | diff /tmp/same.husk -
cat /tmp/life.husk
equal "$(grep -E '^(10000|cpu.weight:.*)$' /tmp/life.husk | xargs)" "cpu.weight:174 10000 cpu.weight:59"
