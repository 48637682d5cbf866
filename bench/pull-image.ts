// The image that pulls are measured with: a Debian system and three layers of packages, made on the spot.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Packages of the layers above the first. */
const layers: readonly (readonly string[])[] = [
  ["openjdk-17-jre-headless", "libicu72"],
  ["gcc-12", "g++-12", "git"],
  ["libllvm15"],
];

export interface BenchImage {
  /** An OCI image layout with one image, `bench`. */
  readonly layout: string;
  /** Compressed layers. */
  readonly archives: readonly string[];
  readonly compressed: number;
  readonly unpacked: number;
}

/** Makes the image in a folder; takes a minute or two and 2 GB. What is there already is taken. */
export async function makeBenchImage(folder: string): Promise<BenchImage> {
  const layout = join(folder, "layout");
  const tars = [0, 1, 2, 3].map((i) => join(folder, `layer${i}.tar`));
  if (!existsSync(layout)) {
    mkdirSync(folder, { recursive: true });
    await sh(
      `debootstrap --variant=minbase stable "$1/base" && rm -rf "$1"/base/var/cache/apt/archives/*.deb "$1"/base/dev/*
      tar --numeric-owner --sort=name -C "$1/base" -cf "$1/layer0.tar" . && rm -rf "$1/base"`,
      folder,
    );
    for (const [i, packages] of layers.entries())
      await sh(
        `mkdir -p "$1/debs$2" "$1/tree$2" && cd "$1/debs$2" && n=$2 && d=$1 && shift 2 &&
        apt-get -qq -o APT::Sandbox::User=root download "$@" && for p in *.deb; do dpkg-deb -x "$p" "$d/tree$n"; done
        tar --numeric-owner --sort=name -C "$d/tree$n" -cf "$d/layer$n.tar" . && rm -rf "$d/tree$n" "$d/debs$n"`,
        folder,
        `${i + 1}`,
        ...packages,
      );
    await sh('for tar in "$1"/layer?.tar; do gzip -6nk "$tar" & done; wait', folder);
    await writeLayout(`${layout}.new`, tars);
    renameSync(`${layout}.new`, layout);
  }
  const archives = tars.map((path) => `${path}.gz`);
  const sum = (paths: readonly string[]): number => paths.reduce((all, path) => all + statSync(path).size, 0);
  return { layout, archives, compressed: sum(archives), unpacked: sum(tars) };
}

async function writeLayout(layout: string, tars: readonly string[]): Promise<void> {
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (value: object, mediaType: string): { mediaType: string; digest: string; size: number } => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const descriptors = [];
  const diffIds: string[] = [];
  for (const tar of tars) {
    const hex = await sha256(`${tar}.gz`);
    await sh('cp --reflink=auto "$1" "$2"', `${tar}.gz`, join(blobs, hex));
    descriptors.push({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: `sha256:${hex}`,
      size: statSync(`${tar}.gz`).size,
    });
    diffIds.push(`sha256:${await sha256(tar)}`);
  }
  const config = put(
    {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Cmd: ["/bin/true"], Env: ["PATH=/usr/bin:/bin"] },
      rootfs: { type: "layers", diff_ids: diffIds },
    },
    "application/vnd.oci.image.config.v1+json",
  );
  const manifest = put(
    {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers: descriptors,
    },
    "application/vnd.oci.image.manifest.v1+json",
  );
  const annotations = { "org.opencontainers.image.ref.name": "bench" };
  writeFileSync(
    join(layout, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}

/** Runs a script of sh(1); its words are `$1`, `$2`, …. */
export async function sh(script: string, ...words: string[]): Promise<void> {
  const child = Bun.spawn(["sh", "-euc", script, "sh", ...words], { stdio: ["ignore", "ignore", "pipe"] });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0)
    throw new Error(`${script.split("\n")[0]}: ${said.trim().split("\n").at(-1) ?? ""}`);
}
