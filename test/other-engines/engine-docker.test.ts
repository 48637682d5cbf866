// The same commands to docker's client with a dockerd of its own and to husk: output, statuses and words are the same.
import { describe, expect } from "bun:test";
import { needs } from "../harness/index.ts";
import { both } from "./engine-docker.ts";

const test = needs({
  root: true,
  command: ["busybox", "dockerd", "docker", "docker-init", "containerd", "runc", "unshare", "script", "tar"],
  cgroup: "v1",
});
const LONG = 180_000;

describe("docker and husk", () => {
  test(
    "do, print and refuse the same",
    async () => {
      const { docker, husk } = await both(`
# names, and the life of a container
say create --name x box true
say create --name 'b d' box true
say create $N --name made box true
say create $N --name made box true
say ps -a --format '{{.Names}} {{.State}} {{.Image}} {{.Command}}'
say start -a made
say wait made
say run $N --rm box sh -c 'echo out; echo err >&2; exit 7'
say run -d $N --name on --label a=b --label c= -e FOO=bar -w /tmp --user someone --hostname hh --stop-timeout 1 --restart on-failure:3 --health-cmd 'exit 0' box sleep 500
say run -d $N --name on box true
say ps --format '{{.Names}} {{.State}} {{.Ports}} {{.Mounts}} {{.Networks}} {{.LocalVolumes}} {{.Label "a"}}'
say ps -a --filter name=mad --format '{{.Names}}'
say ps -a --filter status=exited --filter exited=0 --format 'table {{.Names}}\\t{{.State}}'
say ps -a --filter label=a=b --format '{{.Names}}'
told ps extra
say pause on
told pause on
say exec on true
say unpause on
told unpause on
say kill -s USR2 on
until_state on '{{.State.Status}}' exited
say start on
say unpause made
say rm on
told kill -s BOGUS on
told stop nosuch
say kill made
say rename on two
say rename two made
told rename nosuch it
# what runs in it
say exec two sh -c 'id; pwd; echo $FOO $HOSTNAME; exit 42'
say exec -u 0 -w / -e A=1 two sh -c 'id -u; pwd; echo $A'
say exec nosuch true
say exec made true
say exec -d two sleep 100
say exec -u 0 two sh -c 'echo x > /new; rm /etc/group; mkdir /d; echo y > /d/f; ln -s /etc /link'
say diff two | sort
say top two -o comm,pid
say update --memory 64m --memory-swap 64m --cpus 0.5 --restart no two
told update two
say update --restart bogus two
say inspect -f '{{.Config.User}} {{.Config.Env}} {{.Config.WorkingDir}} {{.Config.Labels}} {{.Config.Hostname}} {{.Config.Image}} {{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.Tty}} {{.Config.OpenStdin}} {{json .Config.Healthcheck}} {{.Config.StopTimeout}}' two
say inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.Restarting}} {{.State.OOMKilled}} {{.State.ExitCode}} {{.State.FinishedAt}}' two
say inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.NetworkMode}} {{json .HostConfig.Binds}} {{.HostConfig.AutoRemove}} {{.HostConfig.Privileged}} {{.HostConfig.IpcMode}} {{.HostConfig.PidMode}} {{.HostConfig.ShmSize}} {{json .HostConfig.PortBindings}}' two
say inspect -f '{{.Name}} {{.Path}} {{.Args}} {{.RestartCount}} {{json .Mounts}} {{json .NetworkSettings.Ports}} {{.NetworkSettings.IPAddress}} {{upper .Name}} {{join .Args ","}} {{index .Config.Labels "a"}}{{range .Args}}[{{.}}]{{end}}' two
# files in and out
say cp two:/d .
say cp two:/d/f g
say cp g two:/tmp/new
say cp g two:/none/
say cp two:/none .
say cp /none two:/tmp
say cp two:/d two:/e
say exec two find /tmp
cat d/f g
# what it wrote
say run $N --name log box sh -c 'for i in 1 2 3; do echo $i; done'
say logs log
say logs --tail 2 log
say logs --tail 0 log
say logs --details log
say logs --since 1h log
told logs nosuch
say port two
told attach made
# images
say tag box again:v2
say tag box 'UP'
say images --format '{{.Repository}}:{{.Tag}}' | sort
say images -q --filter reference='again*' --no-trunc
say commit -c 'CMD ["ls"]' -a me -m msg two new:1
say image inspect new:1 -f '{{.Config.Cmd}} {{.Author}} {{.Comment}} {{.Config.Env}} {{.Config.User}} {{len .RootFS.Layers}} {{.Os}}'
say run --rm $N new:1 cat /d/f
say save -o saved.tar new:1
say rmi new:1
say load -i saved.tar
say rmi nosuch
say rmi again:v2
# volumes
say volume create vol
say volume create 'b d'
say run --rm $N -v vol:/x box sh -c 'echo 1 > /x/file; ls /x'
say run --rm $N -v vol:/x:ro box touch /x/other
say create $N --name user -v vol:/x box true
told volume rm vol
say volume ls -q
say volume ls -q --filter dangling=true
say volume inspect vol -f '{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}}'
told volume inspect nosuch
say run --rm $N --mount type=tmpfs,target=/x,tmpfs-size=64k box df -k /x
# flags
printf '# c\\nA=1\\n\\nB\\n C=2\\n' > env
say run --rm $N -v /tmp:/x:z -e BAD -e A=b=c --env-file env --hostname hh box env
say run --rm $N --user '' --name '' --workdir '' --platform '' --pid '' --ipc '' --pull '' --stop-signal '' box true
say ps -f '' --format '{{.Names}}'
say inspect -f '{{.Name}}' two nothing
say run --rm $N -m 1k box true
say run --rm $N --cpus 1000 box true
say run --rm $N -w rel box true
say run --rm $N -u nosuch box true
say run --rm $N --ulimit nofile=10:5 box true
say run --rm $N --restart always box true
say run --rm $N --cap-add bogus box true
say run --rm $N --sysctl bogus=1 box true
say run --rm $N --tmpfs rel box true
say run --rm $N --pid container:nosuch box true
say run --rm $N --log-opt max-size=abc box true
say run --rm $N -t box tty
say run --rm $N --read-only --entrypoint touch box /x
say run --rm $N box nosuch
say run --rm $N box /etc/passwd
say run --bogus box
# the end
say rm -f nosuch
say stop -t 0 two
say inspect -f '{{.State.Status}} {{.State.ExitCode}}' two
say events --since 10m --until 0s --filter container=log --format '{{.Type}} {{.Action}} {{.Actor.Attributes.image}} {{.Actor.Attributes.exitCode}}' --filter event=create --filter event=start --filter event=die
say events --since 10m --until 0s --filter type=image --filter event=load --format '{{.Type}} {{.Action}}'
say rm two user
say volume rm vol
say container prune -f
say ps -aq
`);
      expect(husk).toEqual(docker);
    },
    LONG,
  );
});
