// Against Debian's docker-registry, with skopeo, podman and umoci as judges.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pullImage, type PullOptions } from "../src/image/pull/index.ts";
import { pushImage, type PushProgress } from "../src/image/push/index.ts";
import { formatReference, parseReference } from "../src/image/reference.ts";
import { listRepositories, Repository, Session } from "../src/image/registry/index.ts";
import {
  blobPath,
  findImage,
  hasBlob,
  type ImageStore,
  layerFolder,
  nameImage,
  openImageStore,
} from "../src/image/store/index.ts";
import { missing, needs, run, temporaryFolder } from "./harness/index.ts";
import {
  makeImage,
  pullOptions,
  pushOptions,
  type RealRegistry,
  startRegistry,
  startDouble,
} from "./image-registry.ts";

const wanted = { command: "docker-registry" };
let registry: RealRegistry;
beforeAll(async () => {
  if (missing(wanted).length === 0) registry = await startRegistry();
});
afterAll(() => registry?.stop());

const image = makeImage([
  [
    { name: "bin/" },
    { name: "bin/tool", content: "#!/bin/sh\necho tool\n", mode: 0o4755 },
    { name: "bin/second", type: "hard-link", linkName: "bin/tool" },
    { name: "link", type: "symlink", linkName: "/bin/tool", mode: 0o777 },
  ],
  [{ name: "bin/.wh.second" }, { name: "etc/" }, { name: "etc/config", content: "x=1", mode: 0o600 }],
]);

const newStore = (): ImageStore => openImageStore(temporaryFolder("store", 0o700));
const pull = (store: ImageStore, name: string, changes: Partial<PullOptions> = {}) =>
  pullImage(store, parseReference(`${registry.host}/${name}`), pullOptions(changes));

/** The image in a new store, named after a repository of the registry. */
async function storeWith(...names: string[]): Promise<ImageStore> {
  const double = startDouble();
  double.add("source", "1", image);
  const store = newStore();
  await pullImage(store, parseReference(`${double.host}/source:1`), pullOptions());
  await double.stop();
  const { digest, mediaType } = image;
  for (const name of names)
    await nameImage(store, parseReference(`${registry.host}/${name}`), {
      digest,
      mediaType,
      size: image.manifest.length,
    });
  return store;
}

describe("docker-registry", () => {
  needs(wanted)("what is pushed is pulled again with the same digest", async () => {
    const store = await storeWith("app:1");
    const seen: PushProgress[] = [];
    const reference = parseReference(`${registry.host}/app:1`);
    const options = pushOptions({ progress: (progress) => seen.push(progress) });
    expect((await pushImage(store, reference, options)).digest).toBe(image.digest);
    expect(seen.filter(({ state }) => state === "pushed").length).toBe(3);
    seen.length = 0;
    await pushImage(store, reference, options);
    expect(seen.every(({ state }) => state === "exists")).toBe(true);

    const other = newStore();
    expect((await pull(other, "app:1")).digest).toBe(image.digest);
    const diff = await run([
      "diff",
      "-r",
      "--no-dereference",
      layerFolder(store, image.diffIds[0]!),
      layerFolder(other, image.diffIds[0]!),
    ]);
    expect(diff.stdout + diff.stderr).toBe("");
    const session = new Session(registry.host, pullOptions().session);
    expect(await listRepositories(session)).toContain("app");
    expect(await new Repository(session, "app").tags()).toEqual(["1"]);
    expect(await new Repository(session, "app").headManifest("1")).toBe(image.digest);
  });

  needs(wanted)("layers of another repository are mounted, not sent", async () => {
    const store = await storeWith("mount/one:1", "mount/two:1");
    const seen: PushProgress[] = [];
    await pushImage(store, parseReference(`${registry.host}/mount/one:1`), pushOptions());
    const two = parseReference(`${registry.host}/mount/two:1`);
    await pushImage(store, two, pushOptions({ progress: (progress) => seen.push(progress) }));
    expect(seen.filter(({ state }) => state === "mounted").length).toBe(2);
  });

  needs(wanted)("a blob that is missing here is told", async () => {
    const store = await storeWith("missing:1");
    rmSync(blobPath(store, image.layers[0]!));
    await expect(
      pushImage(store, parseReference(`${registry.host}/missing:1`), pushOptions()),
    ).rejects.toThrow("the image store has no blob");
    await expect(pushImage(store, parseReference(`${registry.host}/none:1`), pushOptions())).rejects.toThrow(
      "there is no image",
    );
  });

  needs({ command: ["docker-registry", "skopeo"] })("skopeo copies it both ways", async () => {
    const store = await storeWith("sk:1");
    await pushImage(store, parseReference(`${registry.host}/sk:1`), pushOptions());
    const flags = ["--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false"];
    const from = `docker://${registry.host}/sk:1`;
    for (const [i, more] of [["--format", "v2s2"], ["--dest-compress-format", "zstd"], []].entries()) {
      const copied = await run([
        "skopeo",
        "copy",
        ...flags,
        ...more,
        from,
        `docker://${registry.host}/copy:${i}`,
      ]);
      expect(copied.status, copied.stderr).toBe(0);
      const other = newStore();
      const { digest, config } = await pull(other, `copy:${i}`);
      if (i === 2) expect(digest).toBe(image.digest);
      expect(config.rootfs.diff_ids).toEqual(image.diffIds);
      if (i === 0) continue; // image layouts of docker's media types are beyond skopeo
      const layout = `oci:${other.layout}:${formatReference(parseReference(`${registry.host}/copy:${i}`))}`;
      const inspected = await run(["skopeo", "inspect", layout]);
      expect(inspected.stderr).toBe("");
      expect(JSON.parse(inspected.stdout).Digest).toBe(digest);
    }
  });

  needs({ root: true, command: ["docker-registry", "umoci"] })("umoci unpacks the same files", async () => {
    const store = await storeWith("um:1");
    const bundle = temporaryFolder("bundle");
    const name = formatReference(parseReference(`${registry.host}/um:1`));
    const unpacked = await run(["umoci", "unpack", "--image", `${store.layout}:${name}`, bundle]);
    expect(unpacked.status, unpacked.stderr).toBe(0);
    const merged = temporaryFolder("merged");
    const script = `mount -t overlay none -o "lowerdir=$1:$2" "$3"; diff -r --no-dereference "$3" "$4"
      for at in "$3" "$4"; do (cd "$at"; find . -mindepth 1 -printf '%P %y %m %U %G %s %l\\n' | sort >"$5/list-$(basename "$at")"); done; diff "$5/list-merged" "$5/list-rootfs"`;
    const folders = [
      layerFolder(store, image.diffIds[1]!),
      layerFolder(store, image.diffIds[0]!),
      `${merged}/merged`,
      `${bundle}/rootfs`,
      merged,
    ];
    const compared = await run(["unshare", "-m", "sh", "-euc", `mkdir "$3"; ${script}`, "sh", ...folders]);
    expect(compared.stdout + compared.stderr).toBe("");
  });

  needs({ root: true, command: ["docker-registry", "podman"] })(
    "podman pushes what husk pulls",
    async () => {
      const store = await storeWith("pod:1");
      await pushImage(store, parseReference(`${registry.host}/pod:1`), pushOptions());
      const home = mkdtempSync(join(tmpdir(), "p-")); // podman wants short paths
      const podman = (...args: string[]) =>
        run(
          [
            "podman",
            "--root",
            `${home}/root`,
            "--runroot",
            `${home}/run`,
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
            ...args,
          ],
          {
            timeout: 60_000,
          },
        );
      const pulled = await podman("pull", "-q", "--tls-verify=false", `${registry.host}/pod:1`);
      expect(pulled.status, pulled.stderr).toBe(0);
      const pushed = await podman(
        "push",
        "-q",
        "--tls-verify=false",
        `${registry.host}/pod:1`,
        `${registry.host}/pod:2`,
      );
      expect(pushed.status, pushed.stderr).toBe(0);
      const other = newStore();
      const { config } = await pull(other, "pod:2");
      expect(config.rootfs.diff_ids).toEqual(image.diffIds);
      rmSync(home, { recursive: true });
    },
    90_000,
  );
});

test("an index with one platform here is pushed as that platform's image", async () => {
  if (missing(wanted).length > 0) return;
  const double = startDouble();
  const { MEDIA } = await import("../src/image/oci.ts");
  const { hostPlatform } = await import("../src/image/platform.ts");
  const other = {
    mediaType: MEDIA.manifest,
    digest: `sha256:${"1".repeat(64)}`,
    size: 5,
    platform: { os: "linux", architecture: "s390x" },
  };
  const own = {
    mediaType: MEDIA.manifest,
    digest: image.digest,
    size: image.manifest.length,
    platform: hostPlatform(),
  };
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [other, own] }),
  );
  double.add("many", "x", image);
  double.manifests.set("many 1", { bytes: index, mediaType: MEDIA.index });
  const store = newStore();
  await pullImage(store, parseReference(`${double.host}/many:1`), pullOptions());
  await double.stop();
  const target = parseReference(`${registry.host}/many:1`);
  await nameImage(store, target, findImage(store, parseReference(`${double.host}/many:1`))!);
  const warnings: string[] = [];
  const pushed = await pushImage(store, target, pushOptions({ warn: (message) => warnings.push(message) }));
  expect(pushed.digest).toBe(image.digest);
  expect(warnings.length).toBe(1);
  expect(hasBlob(store, image.digest)).toBe(true);
});
