// Settings of a containerd of one's own.

/** containerd's config.toml: all it has is in `folder`, and it listens on `folder`/c.sock. */
export function containerdSettings(folder: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${folder}/c.sock"
[ttrpc]
  address = "${folder}/t.sock"
`;
}
