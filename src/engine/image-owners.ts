/**
 * Who may own an image's files when this user unpacks them: as root whom the image names, else only this user, who is
 * root in the container's user namespace.
 */
export function fileOwners(): { owners: "now" | "never"; overlayXattrs: "trusted" | "user" } {
  return process.geteuid?.() === 0
    ? { owners: "now", overlayXattrs: "trusted" }
    : { owners: "never", overlayXattrs: "user" };
}
