// The same commands to docker's client, with a dockerd in namespaces of its own, and to husk.
import { join } from "node:path";
import { huskPath, makeRootfs, shell, temporaryFolder } from "../harness/index.ts";
import { prelude } from "./oci-docker.ts";

/** Each tool has an image `box`, a folder to be in, and says what it did; both are at work at the same time. */
const tools = `
trap - EXIT
N="--network none"
say() {
  status=0
  timeout 30 $tool "$@" > out 2> err < /dev/null || status=$?
  printf '$ %s\\n' "$*"
  cat out
  sed 's/^/! /' err
  echo "status $status"
}
told() {
  say "$@"
  sed -n '1s/^/words: /p' err
}
until_state() {
  tries=0
  until [ "$($tool inspect -f "$2" $1)" = "$3" ] || [ $tries -gt 400 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
}
one() {
  mkdir $folder/$1
  cd $folder/$1
  tool=$2
  set +e
  $tool import --change 'CMD ["sh"]' - box < $folder/box.tar > /dev/null
`;

/** What `script` prints for each of the two, as far as it has to be the same. */
export async function both(script: string): Promise<{ docker: string[]; husk: string[] }> {
  const folder = temporaryFolder("dh");
  const rootfs = makeRootfs(join(folder, "rootfs"));
  const inside = `exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private /bin/sh -euc "$5" sh "$1" "$2" "$3" "$4"`;
  const commands = `${prelude}
tar -C $rootfs -c . > $folder/box.tar
docker rmi box > /dev/null
${tools}
${script}
}
export HUSK_ROOT=$folder/husk-root HUSK_RUN=$folder/husk-run
(one as-docker docker > $folder/of-docker) &
first=$!
(one as-husk $husk > $folder/of-husk)
wait $first
cat $folder/of-docker
echo "=== husk"
cat $folder/of-husk
stop
`;
  const { status, stdout, stderr } = await shell(inside, [folder, huskPath, rootfs, "", commands], {
    timeout: 170_000,
  });
  const [docker, husk] = `${stdout}`.split(/^=== husk\n/m);
  if (husk === undefined) throw new Error(`dockerd: status ${status}: ${stdout}${stderr}`);
  return { docker: steps(docker as string), husk: steps(husk) };
}

/** A string for each command. */
function steps(text: string): string[] {
  return text.split(/^(?=\$ )/m).map((step) =>
    step
      // husk's hints, docker's names for itself, and its help.
      .replaceAll(
        /^words: (husk: |docker: |Error response from daemon: |Error: )*(.*?)( — .*)?$/gm,
        "words: $2",
      )
      .replaceAll(/^(words: .*?)\.?$/gm, "$1")
      .replaceAll(/"(docker|husk) /g, '"')
      .replaceAll(/\b[0-9a-f]{64}\b/g, "ID")
      .replaceAll(/\b[0-9a-f]{12}\b/g, "SHORT")
      .replaceAll(/^IPv4 forwarding is disabled.*\n/gm, "")
      .replaceAll(/^(sleep +)\d+$/gm, "$1PID")
      .replaceAll(/^(Total reclaimed space: ).*/gm, "$1SIZE")
      .replaceAll(/^(! .*)?\n/gm, ""),
  );
}
