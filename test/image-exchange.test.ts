// Images that go to other programs and come back: the same digests, the same files.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { packMerged } from "../src/image/layer/index.ts";
import { layerFolder, openImageStore } from "../src/image/store/index.ts";
import {
  type Engine,
  engine,
  isRoot,
  needs,
  run,
  shell,
  temporaryFile,
  temporaryFolder,
} from "./harness/index.ts";
import { type EntryChanges, tools } from "./image-archive.ts";
import { type DoubleRegistry, makeImage, startDouble } from "./image-registry.ts";

const owner = isRoot ? { uid: 1234, gid: 70_000 } : {};
const finely = { seconds: 1_500_000_000, nanoseconds: 123_456_789 };
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex"); // cap_net_raw=ep
const special: EntryChanges[] = isRoot
  ? [
      { name: "dev/null", type: "character-device", mode: 0o666, deviceMajor: 1, deviceMinor: 3 },
      {
        name: "bin/ping",
        content: "ping",
        mode: 0o755,
        xattrs: new Map([["security.capability", capability]]),
      },
    ]
  : [];
const lower: EntryChanges[] = [
  { name: "bin/" },
  { name: "bin/su", content: "su", mode: 0o4755 },
  { name: "dev/" },
  ...special,
  { name: "a/", mode: 0o1777, ...owner },
  {
    name: "a/file",
    content: "x".repeat(10_000),
    mtime: finely,
  },
  { name: "a/hard", type: "hard-link", linkName: "a/file", mtime: finely },
  { name: "a/link", type: "symlink", linkName: "../gone", mode: 0o777 },
  { name: "a/pipe", type: "fifo", mode: 0o600 },
  { name: "a/umlaut-\xc3\xbc", content: "u", xattrs: new Map([["user.note", Buffer.from("hi")]]) },
  { name: "long/" },
  { name: `long/${"d".repeat(90)}/`, mode: 0o700 },
  { name: `long/${"d".repeat(90)}/${"f".repeat(90)}`, content: "long" },
  { name: "gone", content: "lower" },
  { name: "opaque/" },
  { name: "opaque/lower", content: "" },
  { name: "changed/" },
  { name: "changed/inside", content: "" },
];
const upper: EntryChanges[] = [
  { name: ".wh.gone" },
  { name: "opaque/" },
  { name: "opaque/.wh..wh..opq" },
  { name: "opaque/upper", content: "", ...owner },
  { name: "changed", content: "now a file" },
];
const config = { Env: ["PATH=/bin"], Entrypoint: ["/bin/su"], Labels: { "a.b": "c" } };
/** What belongs to an ordinary user's root is that user's own here, and can be read and removed. */
const owned = (entries: readonly EntryChanges[]): EntryChanges[] =>
  entries.map((entry) => ({ uid: 0, gid: 0, ...entry }));
const image = makeImage([owned(lower), owned(upper)], { config });

let double: DoubleRegistry;
let own: Engine;
let name: string;
beforeAll(async () => {
  double = startDouble();
  double.add("team/app", "1", image);
  name = `${double.host}/team/app:1`;
  own = engine();
  expect((await own.husk(["pull", "-q", name])).stderr).toBe("");
});
afterAll(() => double.stop());

/** Every file below a folder with all that is known of it, but for sizes of folders and what time changes. */
async function files(folder: string, attributes = "^(user|security.cap)"): Promise<string> {
  const script = `cd "$1"
    find . -mindepth 1 -printf '%P %y %m %U %G %T@ %n %l\\n' | sort
    find . -type f -exec sha256sum {} + | sort -k 2
    find . -type c -exec stat -c '%n %t:%T' {} + | sort
    ${isRoot ? `getcap -r . | sort; getfattr -R -h -d -m '${attributes}' . | sort` : ""}`;
  const { stdout, stderr } = await shell(script, [folder]);
  expect(stderr).toBe("");
  return stdout;
}

/** What a container of the image would see, in a folder. */
async function shown(from: Engine = own): Promise<string> {
  const folder = temporaryFolder("shown", 0o700);
  const tar = temporaryFile("shown.tar");
  const store = openImageStore(from.root);
  const layers = image.diffIds.map((diffId) => layerFolder(store, diffId)).toReversed();
  const parts: Uint8Array[] = [];
  for await (const part of packMerged(layers, tools)) parts.push(part);
  writeFileSync(tar, Buffer.concat(parts));
  const flags = ["--xattrs", "--xattrs-include=*", "--same-permissions", "--atime-preserve"];
  const unpacked = await run(["tar", "-xf", tar, "-C", folder, ...flags]);
  expect([unpacked.status, unpacked.stderr]).toEqual([0, ""]);
  return folder;
}

async function save(...flags: string[]): Promise<string> {
  const path = temporaryFile("saved.tar");
  const { status, stderr } = await own.husk(["save", "-o", path, ...flags, name]);
  expect([status, stderr]).toEqual([0, ""]);
  return path;
}

const listed = async (by: Engine): Promise<string> =>
  (await by.husk(["images", "--no-trunc", "--format", "{{.Repository}} {{.Tag}} {{.ID}} {{.Digest}}"]))
    .stdout;

const id = (): string => [...image.blobs].find(([, bytes]) => bytes.includes('"rootfs"'))?.[0] as string;

describe("husk itself", () => {
  const forms: [string, (bytes: Buffer) => Uint8Array][] = [
    ["as it is", (bytes) => bytes],
    ["with gzip", (bytes) => gzipSync(bytes)],
    ["with zstd", (bytes) => zstdCompressSync(bytes)],
  ];
  test.each(forms)("save and load, %s, by file and by pipe", async (_name, change) => {
    const path = await save();
    writeFileSync(path, change(readFileSync(path)));
    for (const load of [["-i", path], []]) {
      const other = engine();
      const options = load.length === 0 ? { stdin: readFileSync(path) } : {};
      const { stdout, stderr } = await other.husk(["load", "-q", ...load], options);
      expect([stdout, stderr]).toEqual([`Loaded image: ${name}\n`, ""]);
      expect(await listed(other)).toBe(await listed(own));
      expect(await files(await shown(other))).toBe(await files(await shown()));
    }
  });

  test("the same images give the same bytes, to a file and to a pipe", async () => {
    const first = readFileSync(await save());
    const piped = temporaryFile("piped.tar");
    const { status } = await own.husk(["save", name, "-o", "/dev/null"]);
    expect(status).toBe(0);
    await shell(`"$1" --root "$2" --run "$3" save "$4" | cat >"$5"`, [
      join(import.meta.dirname, "../dist/husk"),
      own.root,
      own.run,
      name,
      piped,
    ]);
    expect(Buffer.compare(readFileSync(piped), first)).toBe(0);
  });

  test("a folder with a layout comes and goes", async () => {
    const folder = join(temporaryFolder("layout", 0o700), "image");
    expect((await own.husk(["save", "--format", "oci-dir", "-o", `${folder}/`, name])).stderr).toBe("");
    expect((await own.husk(["save", "--format", "oci-dir", "-o", folder, name])).stderr).toContain(
      "is there already",
    );
    const other = engine();
    expect((await other.husk(["load", "-q", "-i", folder])).stdout).toBe(`Loaded image: ${name}\n`);
    expect(await listed(other)).toBe(await listed(own));
  });

  test("an image by its id comes without a name", async () => {
    const path = temporaryFile("saved.tar");
    await own.husk(["save", "-o", path, id().slice(7, 19)]);
    const other = engine();
    expect((await other.husk(["load", "-q", "-i", path])).stdout).toBe(`Loaded image ID: ${id()}\n`);
    expect(await listed(other)).toBe(`<none> <none> ${id()} ${image.digest}\n`);
  });
});

describe("skopeo", () => {
  needs({ command: "skopeo" })("reads all forms, and its own come back", async () => {
    const folder = temporaryFolder("skopeo", 0o700);
    const copy = async (from: string, to: string): Promise<void> => {
      const { status, stderr } = await run(["skopeo", "--insecure-policy", "copy", "-q", from, to]);
      expect([status, stderr]).toEqual([0, ""]);
    };
    const docker = await save();
    const oci = await save("--format", "oci-archive");
    for (const [i, from] of [
      `docker-archive:${docker}`,
      `oci-archive:${oci}:1`,
      `oci-archive:${docker}:1`,
    ].entries()) {
      const dir = join(folder, `dir${i}`);
      await copy(from, `dir:${dir}`);
      const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
      expect(manifest.config.digest).toBe(id());
    }
    for (const [i, form] of ["docker-archive", "oci-archive", "oci"].entries()) {
      const path = join(folder, `back${i}`);
      await copy(`oci-archive:${oci}:1`, `${form}:${path}:localhost/back:1`);
      const other = engine();
      const { stdout, stderr } = await other.husk(["load", "-q", "-i", path]);
      expect([stdout, stderr]).toEqual(["Loaded image: localhost/back:1\n", ""]);
      const [, , foundId, digest] = (await listed(other)).trim().split(" ");
      expect(foundId).toBe(id());
      if (form !== "docker-archive") expect(digest).toBe(image.digest);
      expect(await files(await shown(other))).toBe(await files(await shown()));
    }
  });
});

describe("umoci", () => {
  needs({ root: true, command: ["umoci", "getcap", "getfattr"] })("unpacks the same files", async () => {
    const folder = temporaryFolder("umoci", 0o700);
    await own.husk(["save", "--format", "oci-dir", "-o", join(folder, "image"), name]);
    const bundle = join(folder, "bundle");
    const { status, stderr } = await run([
      "umoci",
      "unpack",
      "--image",
      `${join(folder, "image")}:1`,
      bundle,
    ]);
    expect([status, stderr.replace(/^.*WARN.*\n/gm, "")]).toEqual([0, ""]);
    expect(await files(join(bundle, "rootfs"))).toBe(await files(await shown()));
  });
});

describe("podman", () => {
  needs({ root: true, command: ["podman", "getcap", "getfattr"] })(
    "loads them with the same files, and saves them",
    async () => {
      const folder = temporaryFolder("podman", 0o700);
      mkdirSync(join(folder, "out"));
      const archives = [await save(), await save("--format", "oci-archive")];
      const script = `
      folder=$1
      # podman wants a short path there.
      mount -t tmpfs tmpfs /mnt
      podman() { command podman --root "$folder/root" --runroot /mnt/run --storage-driver vfs "$@"; }
      for archive in "$2" "$3"; do
        podman load -q -i "$archive" >&2
        podman images --no-trunc --format '{{.Id}}'
      done
      podman tag "$4" localhost/back:1
      for form in docker-archive oci-archive oci-dir docker-dir; do
        podman save -q --format $form -o "$folder/out/$form" localhost/back:1
      done
      cp -a "$(podman image mount localhost/back:1)" "$folder/files"
      podman image umount -a >/dev/null`;
      const wrapped = `exec unshare --mount --propagation private /bin/sh -euc "$5" sh "$1" "$2" "$3" "$4"`;
      const { status, stdout, stderr } = await shell(wrapped, [folder, ...archives, id().slice(7), script], {
        timeout: 110_000,
      });
      expect(status, stderr).toBe(0);
      expect(
        new Set(
          stdout
            .trim()
            .split("\n")
            .map((one) => one.replace("sha256:", "")),
        ),
      ).toEqual(new Set([id().slice(7)]));
      expect(await files(join(folder, "files"))).toBe(await files(await shown()));
      for (const form of ["docker-archive", "oci-archive", "oci-dir"]) {
        const other = engine();
        const loaded = await other.husk(["load", "-q", "-i", join(folder, "out", form)]);
        expect([form, loaded.stdout, loaded.stderr]).toEqual([form, "Loaded image: localhost/back:1\n", ""]);
        expect((await listed(other)).split(" ")[2]).toBe(id());
        expect(await files(await shown(other))).toBe(await files(await shown()));
      }
    },
  );
});

/** A dockerd of its own without a network, in namespaces of its own; it ends with the script. */
const dockerd = `
folder=$1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DOCKER_CONFIG=$folder/client DOCKER_HOST=unix://$folder/d.sock
parent=husk-test-load-$$
mount -t tmpfs tmpfs /run
echo '{}' > $folder/daemon.json
# Its containerd writes what it is doing into TMPDIR when it is slow to answer.
TMPDIR=$folder dockerd --config-file $folder/daemon.json --host $DOCKER_HOST --pidfile $folder/pid --data-root $folder/data \\
  --exec-root $folder/exec --storage-driver vfs --bridge none --iptables=false --ip6tables=false --ip-forward=false \\
  --ip-masq=false --userland-proxy=false --shutdown-timeout 1 --cgroup-parent /$parent > $folder/log 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon || true' EXIT
tries=0
until docker version > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 $daemon; then cat $folder/log >&2; exit 1; fi
  sleep 0.1
done
`;

describe("docker", () => {
  needs({ root: true, command: ["dockerd", "docker", "getcap", "getfattr"] })(
    "loads them with the same files, and saves them",
    async () => {
      const folder = temporaryFolder("docker", 0o700);
      mkdirSync(join(folder, "files"));
      const script = `${dockerd}
      docker load -q -i "$2"
      docker images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
      docker tag "$3" back:1
      docker save -o "$folder/back.tar" back:1
      docker create --name box --network none back:1 >/dev/null
      docker export box | tar -x -C "$folder/files" --xattrs --xattrs-include='*' --same-permissions
      cd "$folder/files"
      rm -rf .dockerenv dev etc proc sys`;
      const wrapped = `exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private /bin/sh -euc "$4" sh "$1" "$2" "$3"`;
      const values = [folder, await save(), name, script];
      const { status, stdout, stderr } = await shell(wrapped, values, { timeout: 110_000 });
      expect(status, stderr).toBe(0);
      expect(stdout).toBe(`Loaded image: ${name}\n${id()} ${name}\n`);
      const ours = await shown();
      rmSync(join(ours, "dev"), { recursive: true });
      // docker's export takes no other attributes along, and whole seconds only.
      const coarse = (text: string): string => text.replace(/\.\d{10} /g, " ");
      const exported = await files(join(folder, "files"), "^security.cap");
      expect(coarse(exported)).toBe(coarse(await files(ours, "^security.cap")));
      const other = engine();
      const loaded = await other.husk(["load", "-q", "-i", join(folder, "back.tar")]);
      expect([loaded.stdout, loaded.stderr]).toEqual(["Loaded image: back:1\n", ""]);
      expect((await listed(other)).split(" ")[2]).toBe(id());
      expect(await files(await shown(other))).toBe(await files(await shown()));
    },
  );
});
