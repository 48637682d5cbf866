import { familiarName, familiarReference, parseReference } from "./reference.ts";
import type { StoredImage } from "./images.ts";
import { layerFolders, type ImageStore } from "./store/index.ts";

/** What docker's `image inspect` tells of an image, in its layout. */
export function inspectImage(store: ImageStore, image: StoredImage): object {
  const { config, names, top } = image;
  const references = names.map(parseReference);
  const layers = layerFolders(store, config.rootfs.diff_ids);
  const run = config.config ?? {};
  const last = config.history?.at(-1);
  return {
    Id: image.id,
    RepoTags: references
      .filter(({ tag }) => tag !== undefined)
      .map((name) => familiarReference({ ...name, digest: undefined })),
    RepoDigests: [...new Set(references.map((name) => `${familiarName(name)}@${top.digest}`))],
    Parent: "",
    Comment: last?.comment ?? "",
    Created: config.created ?? "",
    Author: config.author ?? "",
    Config: {
      Hostname: "",
      Domainname: "",
      User: run.User ?? "",
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      ...stated({ ExposedPorts: run.ExposedPorts }),
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: run.Env ?? null,
      Cmd: run.Cmd ?? null,
      ...stated({ Healthcheck: run.Healthcheck }),
      Image: "",
      Volumes: run.Volumes ?? null,
      WorkingDir: run.WorkingDir ?? "",
      Entrypoint: run.Entrypoint ?? null,
      OnBuild: run.OnBuild ?? null,
      Labels: run.Labels ?? null,
      ...stated({ StopSignal: run.StopSignal }),
      ...stated({ Shell: run.Shell }),
    },
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config["os.version"] === undefined ? {} : { OsVersion: config["os.version"] }),
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: {
      Data:
        layers.length === 0
          ? null
          : { ...(layers.length > 1 ? { LowerDir: layers.slice(1).join(":") } : {}), UpperDir: layers[0] },
      Name: "overlay2",
    },
    RootFS: { Type: "layers", Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: "0001-01-01T00:00:00Z" },
    Descriptor: { mediaType: top.mediaType, digest: top.digest, size: top.size },
  };
}

/** The fields that say something. */
function stated(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
