// A dockerd of its own, in namespaces of its own, that runs the same commands with runc and with husk-oci.
import { join } from "node:path";
import { huskOciScript, makeRootfs, shell, temporaryFolder } from "../harness/index.ts";

/** What dockerd and its client need; Debian's come first, whatever else is called docker here. */
export const prelude = `
folder=$1 husk=$2 rootfs=$3
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DOCKER_CONFIG=$folder/client DOCKER_HOST=unix://$folder/d.sock
parent=husk-test-dockerd-${process.pid}
ip link set lo up
# What dockerd puts into /run stays here, and so does what it mounts.
mount -t tmpfs tmpfs /run
echo '{}' > $folder/daemon.json
# Its containerd writes what it is doing into TMPDIR when it is slow to answer.
TMPDIR=$folder dockerd --config-file $folder/daemon.json --host $DOCKER_HOST --pidfile $folder/pid \\
  --data-root $folder/data --exec-root $folder/exec --storage-driver vfs --add-runtime husk=$husk \\
  --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --userland-proxy=false \\
  --shutdown-timeout 1 --cgroup-parent /$parent $4 > $folder/log 2>&1 &
daemon=$!
stop() {
  kill $daemon
  wait $daemon || true
  for group in /sys/fs/cgroup/*/$parent; do rmdir $group || true; done
}
trap stop EXIT
tries=0
until docker version > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 $daemon; then
    cat $folder/log
    exit 1
  fi
  sleep 0.1
done
tar -C $rootfs -c . | docker import --change 'CMD ["sh"]' - box > /dev/null
say() {
  echo "docker $*"
  status=0
  timeout 30 docker "$@" 2>&1 || status=$?
  echo "status $status"
}
# At a terminal of its own.
at_terminal() {
  echo "docker $*"
  script -qec "timeout --foreground -k 1 20 docker $*" /dev/null < /dev/null || echo "status $?"
}
until_state() {
  tries=0
  until [ "$(docker inspect -f "$2" $1)" = "$3" ] || [ $tries -gt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
}
# until_does COMMAND…: until it succeeds.
until_does() {
  tries=0
  until "$@" > /dev/null 2>&1 || [ $tries -gt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
}
# How often a container has begun, by its own words.
has_begun() {
  [ "$(docker logs $1 | grep -c begun)" = $2 ]
}
`;

/** What `script` prints for each of the two, without what has to differ. In it, $run is the beginning of a docker run. */
export async function docker(
  script: string,
  options: { readonly daemon?: string } = {},
): Promise<{ husk: string; runc: string; calls: string[] }> {
  const husk = await huskOciScript();
  const folder = temporaryFolder("dk");
  const both = `
for runtime in runc husk; do
  run="--runtime $runtime --network none"
  echo "=== $runtime"
  (
    set +e
${script}
  )
done
`;
  const values = [folder, husk.path, makeRootfs(join(folder, "rootfs")), options.daemon ?? ""];
  const inside = `exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private /bin/sh -euc "$5" sh "$1" "$2" "$3" "$4"`;
  const { status, stdout, stderr } = await shell(inside, [...values, `${prelude}${both}`], {
    timeout: 280_000,
  });
  const [before, runc, ours] = `${stdout}`.split(/^=== .*\n/m);
  if (status !== 0 || runc === undefined || ours === undefined)
    throw new Error(`dockerd: status ${status}: ${before}${stderr}`);
  return { runc: same(runc), husk: same(ours), calls: husk.calls() };
}

function same(text: string): string {
  return (
    text
      .replaceAll(/\b[0-9a-f]{64}\b/g, "ID")
      .replaceAll(/\b[0-9a-f]{12}\b/g, "SHORT")
      .replaceAll(/\b(husk|runc)\b/g, "RUNTIME")
      .replaceAll(/time="[^"]*" /g, "")
      // The client says it or not, as it happens to be called off.
      .replaceAll(/^.*error waiting for container: context canceled"\n/gm, "")
      // What script(1) shows of the end of its input.
      .replaceAll(/\^@|\0|\^D\x08\x08/g, "")
      .replaceAll(/ — [^\n]*?(?=: unknown|\n)/g, "")
  );
}
