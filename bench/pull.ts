// How long an image takes to come in from a registry on loopback, into an empty store, unpacked.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Comparison, Context } from "./context.ts";
import { type BenchImage, makeBenchImage, sh } from "./pull-image.ts";
import { type Bound, compare, type Figure } from "./result.ts";
import type { Sample } from "./statistics.ts";

/** Bounds of what husk may take. */
const bounds: readonly Bound[] = [
  { contestant: "husk pull", peer: "containerd (ctr)", ratio: 0.5 },
  { contestant: "husk pull", peer: "podman pull", ratio: 0.3 },
  { contestant: "husk pull", peer: "skopeo copy, umoci unpack" },
  { contestant: "husk pull", peer: "tar -xz of all layers, side by side" },
];
const MEMORY_BOUND = 200;
const CPU_BOUND = 1.3;

interface Measured extends Sample {
  /** Largest resident set, in MiB. */
  readonly memory: number;
}

/** A place where an image comes in. */
interface Contestant {
  readonly name: string;
  readonly command: (place: string) => readonly string[];
  readonly program: string;
}

export const pull: Comparison = {
  name: "pull",
  async run(context) {
    const image = await makeBenchImage(process.env["HUSK_BENCH_IMAGE"] ?? join(context.folder, "image"));
    const registry = await startRegistry(context.folder);
    const containerd = await startContainerd(context.folder);
    try {
      await sh(
        'skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$1:bench" "docker://$2/bench:1"',
        image.layout,
        registry.host,
      );
      return await measure(context, image, registry, containerd);
    } finally {
      containerd?.kill();
      registry.process.kill();
      await Promise.all([containerd?.exited, registry.process.exited]);
    }
  },
};

async function measure(
  context: Context,
  image: BenchImage,
  { host }: Registry,
  containerd: Bun.Subprocess | undefined,
) {
  const name = `${host}/bench:1`;
  const store = (place: string): string[] => ["--root", `${place}/root`, "--run", `${place}/run`];
  const socket = join(context.folder, "containerd.sock");
  const contestants: Contestant[] = [
    {
      name: "husk pull",
      program: context.husk,
      command: (place) => [context.husk, "pull", "-q", ...store(place), name],
    },
    {
      name: "containerd (ctr)",
      program: "ctr",
      command: () => ["ctr", "-a", socket, "-n", "bench", "images", "pull", "--plain-http", name],
    },
    {
      name: "podman pull",
      program: "podman",
      command: (place) => [
        "podman",
        "--root",
        `${place}/root`,
        "--runroot",
        `${place}/run`,
        "pull",
        "-q",
        "--tls-verify=false",
        name,
      ],
    },
    {
      name: "skopeo copy, umoci unpack",
      program: "umoci",
      command: (place) => [
        "sh",
        "-ec",
        'skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$2" "oci:$1/oci:1"; umoci unpack --image "$1/oci:1" "$1/bundle"',
        "sh",
        place,
        name,
      ],
    },
    {
      name: "tar -xz of all layers, side by side",
      program: "tar",
      command: (place) => [
        "sh",
        "-ec",
        'd=$1; shift; i=0; for a in "$@"; do i=$((i+1)); mkdir "$d/$i"; tar -xzf "$a" --numeric-owner -C "$d/$i" & done; wait',
        "sh",
        place,
        ...image.archives,
      ],
    },
  ];
  const here = contestants
    .filter(({ program }) => existsSync(program) || Bun.which(program) !== null)
    .filter(({ program }) => program !== "ctr" || containerd !== undefined);
  const rounds = Math.max(3, Math.ceil(context.rounds / 20));
  const samples = new Map<string, Measured[]>(here.map((contestant) => [contestant.name, []]));
  const second: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of here) {
      const place = join(context.folder, "place");
      mkdirSync(place, { recursive: true });
      const sample = await time(contestant.command(place));
      if (round > 0) samples.get(contestant.name)?.push(sample);
      if (contestant.program === context.husk) second.push((await time(contestant.command(place))).wall);
      await clear(contestant, place, socket, name);
    }
  }
  const timed = compare(samples, bounds);
  const cpu = (wanted: string): number => timed.find((one) => one.name === wanted)?.cpu.median ?? Number.NaN;
  const figures: Figure[] = [
    { name: "image, compressed", value: image.compressed / 1e6, unit: "MB" },
    { name: "image, unpacked", value: image.unpacked / 1e6, unit: "MB" },
    {
      name: "husk pull, processor time by tar's",
      value: cpu("husk pull") / cpu("tar -xz of all layers, side by side"),
      unit: "×",
      bound: CPU_BOUND,
    },
    {
      name: "husk pull, memory at most",
      value: Math.max(...(samples.get("husk pull") ?? []).map(({ memory }) => memory)),
      unit: "MiB",
      bound: MEMORY_BOUND,
    },
    { name: "husk pull of what is here", value: Math.min(...second), unit: "ms" },
  ];
  const missing = contestants
    .filter((contestant) => !here.includes(contestant))
    .map(({ name: who }) => `${who}: not here`);
  return {
    name: "pull",
    about: `an image of ${image.archives.length} layers from a registry on loopback into an empty store: ${rounds} rounds`,
    timed,
    figures,
    notes: [...missing, "processor time of containerd is its daemon's and not counted"],
  };
}

async function time(command: readonly string[]): Promise<Measured> {
  Bun.spawnSync(["sync"]);
  const began = performance.now();
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "pipe"] });
  const said = new Response(child.stderr).text();
  const status = await child.exited;
  const wall = performance.now() - began;
  if (status !== 0) console.error(`${command[0]}: ${(await said).trim()}`);
  const usage = child.resourceUsage();
  return {
    wall,
    status,
    cpu: Number(usage?.cpuTime.total ?? 0n) / 1000,
    memory: (usage?.maxRSS ?? 0) / 2 ** 20,
  };
}

async function clear({ program }: Contestant, place: string, socket: string, name: string): Promise<void> {
  if (program === "ctr") await sh('ctr -a "$1" -n bench images rm --sync "$2"', socket, name);
  if (program === "podman")
    await sh(
      'podman --root "$1/root" --runroot "$1/run" rmi -f "$2"; umount "$1/root/overlay" 2>/dev/null || :',
      place,
      name,
    );
  rmSync(place, { recursive: true, force: true });
}

interface Registry {
  readonly host: string;
  readonly process: Bun.Subprocess;
}

async function startRegistry(folder: string): Promise<Registry> {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const host = `127.0.0.1:${probe.port}`;
  await probe.stop(true);
  const config = join(folder, "registry.yml");
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${folder}/registry}}\nhttp: {addr: "${host}"}\n`,
  );
  const env = { ...process.env, OTEL_TRACES_EXPORTER: "none" };
  const child = Bun.spawn(["docker-registry", "serve", config], {
    stdio: ["ignore", "ignore", "ignore"],
    env,
  });
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer !== undefined) return { host, process: child };
    await Bun.sleep(50);
  }
  throw new Error("docker-registry does not start");
}

async function startContainerd(folder: string): Promise<Bun.Subprocess | undefined> {
  if (Bun.which("containerd") === null) return undefined;
  const config = join(folder, "containerd.toml");
  writeFileSync(
    config,
    `version = 2\nroot = "${folder}/containerd"\nstate = "${folder}/containerd-run"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${folder}/containerd.sock"\n`,
  );
  const child = Bun.spawn(["containerd", "-c", config], { stdio: ["ignore", "ignore", "ignore"] });
  for (let i = 0; i < 100 && !existsSync(join(folder, "containerd.sock")); i++) await Bun.sleep(50);
  return child;
}
