import { parseMount } from "./mount.ts";
import { parseTmpfs } from "./tmpfs.ts";
import { table } from "./values-table.ts";
import { parseVolume } from "./volume.ts";

table(
  "volumes",
  (value) => parseVolume("flag", value),
  [
    ["/a:/b", { type: "bind", source: "/a", target: "/b", createSource: true }],
    ["/a:/b/:ro", { type: "bind", source: "/a", target: "/b", createSource: true, readOnly: true }],
    ["./a:/b", { type: "bind", source: `${process.cwd()}/a`, target: "/b", createSource: true }],
    [".:/b", { type: "bind", source: process.cwd(), target: "/b", createSource: true }],
    [
      "/a:/b:rw,rslave",
      {
        type: "bind",
        source: "/a",
        target: "/b",
        createSource: true,
        readOnly: false,
        propagation: "rslave",
      },
    ],
    ["/v", { type: "volume", target: "/v" }],
    ["data:/v", { type: "volume", name: "data", target: "/v" }],
    ["data:/v:ro,nocopy", { type: "volume", name: "data", target: "/v", readOnly: true, noCopy: true }],
    ["/a:/b/../c//d", { type: "bind", source: "/a", target: "/c/d", createSource: true }],
  ],
  [
    "",
    ":",
    "data",
    "/",
    "data:b",
    "/a:b",
    "/a:/",
    "/a:/..",
    "/a:/b:ro,rw",
    "/a:/b:what",
    "/a:/b:ro:x",
    ":/b",
  ],
);

table(
  "tmpfs",
  (value) => parseTmpfs("flag", value),
  [
    ["/run", { type: "tmpfs", target: "/run", options: [] }],
    ["/run:size=64m,mode=1777", { type: "tmpfs", target: "/run", options: ["size=64m", "mode=1777"] }],
  ],
  ["", "run", "/", "/."],
);

table(
  "mounts",
  (value) => parseMount("flag", value),
  [
    [
      "type=bind,source=/a,target=/b,readonly",
      { type: "bind", source: "/a", target: "/b", readOnly: true, recursive: "enabled" },
    ],
    [
      "type=bind,src=/a,dst=/b,ro=false,bind-recursive=disabled,bind-propagation=rslave",
      {
        type: "bind",
        source: "/a",
        target: "/b",
        readOnly: false,
        recursive: "disabled",
        propagation: "rslave",
      },
    ],
    [
      'type=bind,"source=/a,b",destination=/b',
      { type: "bind", source: "/a,b", target: "/b", readOnly: false, recursive: "enabled" },
    ],
    ["target=/v", { type: "volume", target: "/v" }],
    [
      "type=volume,src=data,dst=/v,volume-nocopy,volume-subpath=a/b,volume-label=x=1,volume-label=y,ro",
      {
        type: "volume",
        name: "data",
        target: "/v",
        readOnly: true,
        noCopy: true,
        subpath: "a/b",
        labels: { x: "1", y: "" },
      },
    ],
    [
      "source=t,target=/v,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-driver=local",
      { type: "volume", name: "t", target: "/v", options: { type: "tmpfs", device: "tmpfs" } },
    ],
    [
      "type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770",
      { type: "tmpfs", target: "/t", options: ["size=67108864", "mode=1770"] },
    ],
  ],
  [
    "",
    "type=bind",
    "type=bind,target=/b",
    "type=bind,source=a,target=/b",
    "type=bind,source=/a,target=b",
    "type=bind,source=/a,target=/b,tmpfs-size=1",
    "type=bind,source=/a,target=/b,readonly=maybe",
    "type=bind,source=/a,target=/b,bind-propagation=x",
    "type=bind,source=/a,target=/b,bind-recursive=readonly",
    "type=bind,source=/a,target=/b,colour=red",
    'type=bind,"source=/a,target=/b',
    "type=tmpfs,target=/t,tmpfs-mode=9",
    "type=tmpfs,target=/t,source=/a",
    "type=volume",
    "type=volume,target=/v,volume-driver=nfs",
    "type=volume,target=/v,tmpfs-size=1",
    "type=volume,target=/v,volume-nocopy=maybe",
    "type=bind,source",
    "type=floppy,target=/v",
  ],
);
