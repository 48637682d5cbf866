import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Comparison, Context } from "./context.ts";
import { compare } from "./result.ts";

const MANY = 50;

/** `husk run` of an image with very many layers against one with a single layer of the same files. */
export const imageLayers: Comparison = {
  name: "image-layers",
  run(context) {
    const { husk, rounds } = context;
    const names = [1, MANY].map((count) => makeImage(context, count));
    const run = (name: string, image: string) => ({
      name,
      argv: [husk, "run", "--rm", "--network", "none", image, "/bin/true"],
    });
    const [one = "", many = ""] = names;
    const commands = [run(`husk run, ${MANY} layers`, many), run("husk run, 1 layer", one)];
    const timed = compare(context.spawn(commands, { rounds }), [
      { contestant: `husk run, ${MANY} layers`, peer: "husk run, 1 layer", ratio: 1.2 },
    ]);
    const about = `husk run --rm --network none IMAGE true, back to back: ${rounds} rounds`;
    return { name: "image-layers", about, timed, figures: [], notes: [] };
  },
};

/** Brings an image into husk's store, as an OCI image layout: the bundle's files, and layers of one small file each. */
function makeImage({ folder, husk, bundle }: Context, count: number): string {
  const layout = join(folder, `layout-${count}`);
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  const put = (bytes: Uint8Array): { digest: string; size: number } => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(layout, "blobs/sha256", hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const archives = [done(["tar", "-C", join(bundle, "rootfs"), "-c", "."])];
  const above = join(folder, "above");
  mkdirSync(above, { recursive: true });
  for (let i = 1; i < count; i++) {
    writeFileSync(join(above, `layer${i}`), `${i}\n`);
    archives.push(done(["tar", "-C", above, "-c", `layer${i}`]));
  }
  const layers = archives.map((bytes) => ({
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    ...put(bytes),
  }));
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
  const config = put(json({ architecture, os: "linux", config: {}, rootfs }));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const type = "application/vnd.oci.image.config.v1+json";
  const manifest = put(json({ schemaVersion: 2, mediaType, config: { mediaType: type, ...config }, layers }));
  const name = `layers-${count}:1`;
  const annotations = { "org.opencontainers.image.ref.name": `docker.io/library/${name}` };
  writeFileSync(join(layout, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(
    join(layout, "index.json"),
    json({ schemaVersion: 2, manifests: [{ mediaType, ...manifest, annotations }] }),
  );
  done([husk, "load", "-q", "-i", layout]);
  return name;
}

function done(argv: string[]): Uint8Array {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
  return stdout;
}
