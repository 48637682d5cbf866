import { quote } from "../plan/index.ts";
import { isBelow } from "./mount-destination.ts";
import type { RootfsSource, RootPart } from "./types.ts";

/*
 * The same as composed.ts in shell commands. $ROOTFS is an empty folder at first; what overlays need stands beside
 * the root, in $STAGE.
 */

type Composed = Extract<RootfsSource, { kind: "composed" }>;
type CopyOnWrite = Extract<RootPart, { kind: "copy-on-write" }>;

/** The tmpfs that holds everything, and what is new in the root. */
export function stageShell({ parts, size }: Composed): string {
  const lines = [
    `mount -t tmpfs -o mode=755${size === undefined ? "" : `,size=${quote(size)}`} tmpfs "$ROOTFS"`,
    "STAGE=$ROOTFS",
    "ROOTFS=$STAGE/root",
    'mkdir "$ROOTFS"',
    'mount --bind "$ROOTFS" "$ROOTFS"',
  ];
  const views = parts.filter((part) => part.kind === "copy-on-write");
  for (const part of parts) {
    if (part.kind === "copy-on-write" || views.some((view) => isBelow(part.path, view.path))) continue;
    lines.push(newPart(part));
  }
  return lines.join("\n");
}

/**
 * The host's folders with the rights of `reader`. It keeps CAP_SYS_ADMIN as an ambient capability, which is enough to
 * mount; no_new_privs makes the kernel ignore that mount(8) is a setuid program, as that would take it away again.
 */
export function readerShell(views: readonly CopyOnWrite[], reader: number): string {
  const lines = [
    'mkdir "$STAGE"/empty',
    "as_others() {",
    `  setpriv --no-new-privs --reuid ${reader} --regid ${reader} --clear-groups \\`,
    '    --inh-caps -all,+sys_admin --ambient-caps -all,+sys_admin "$@"',
    "}",
  ];
  views.forEach((view, i) => {
    if (view.hidden !== undefined) return;
    lines.push(
      `mkdir "$STAGE"/a${i}`,
      ...named(view, i),
      `as_others mount -t overlay -o lowerdir=${lowerName(view, i)}:"$STAGE"/empty overlay "$STAGE"/a${i}`,
    );
  });
  return lines.join("\n");
}

/** The writable view of a folder; `read`: {@link readerShell} has made a reading one below it. */
export function viewShell(
  { parts }: Composed,
  view: CopyOnWrite,
  index: number,
  how: { readonly userNamespace: boolean; readonly read: boolean },
): string {
  const place = `"$ROOTFS"${quote(view.path)}`;
  const lower = how.read ? `"$STAGE"/a${index}` : lowerName(view, index);
  const upper = `upperdir="$STAGE"/u${index},workdir="$STAGE"/w${index}${how.userNamespace ? ",userxattr" : ""}`;
  const lines = [
    `mkdir -p ${place}`,
    `mkdir -m ${view.mode.toString(8)} "$STAGE"/u${index}`,
    `mkdir "$STAGE"/w${index}`,
    ...(how.read ? [] : named(view, index)),
    `mount -t overlay -o lowerdir=${lower},${upper} overlay ${place}`,
  ];
  const { hidden = [] } = view;
  if (hidden.length > 0) {
    lines.push("# what others may not read", `(cd ${place} && rm -rf -- ${hidden.map(quote).join(" ")})`);
  }
  for (const part of parts) {
    if (part.kind === "copy-on-write" || !isBelow(part.path, view.path)) continue;
    if (part.kind !== "directory") lines.push(`rm -f "$ROOTFS"${quote(part.path)}`);
    lines.push(newPart(part));
  }
  return lines.join("\n");
}

function newPart(part: Exclude<RootPart, CopyOnWrite>): string {
  const place = `"$ROOTFS"${quote(part.path)}`;
  if (part.kind === "link") return `ln -s ${quote(part.target)} ${place}`;
  const mode = part.mode.toString(8);
  if (part.kind === "directory") return `mkdir -p -m ${mode} ${place}`;
  const write = `printf %s ${quote(part.content)} > ${place}`;
  return part.mode === 0o644 ? write : `${write}\nchmod ${mode} ${place}`;
}

/** Characters that part layers go by way of a bind mount with a plain name. */
function isPlain({ from }: CopyOnWrite): boolean {
  return !/[:,\\]/.test(from);
}

function lowerName(view: CopyOnWrite, index: number): string {
  return isPlain(view) ? quote(view.from) : `"$STAGE"/s${index}`;
}

function named(view: CopyOnWrite, index: number): string[] {
  if (isPlain(view)) return [];
  return [`mkdir "$STAGE"/s${index}`, `mount --bind ${quote(view.from)} "$STAGE"/s${index}`];
}
