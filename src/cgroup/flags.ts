/** Constants of openat(2) and unlinkat(2) that x86-64 and arm64 share. */
export const AT_FDCWD = -100;
export const AT_REMOVEDIR = 0x200;
export const O_WRONLY = 0x1;
export const O_CLOEXEC = 0x80000;
export const O_PATH = 0x200000;
