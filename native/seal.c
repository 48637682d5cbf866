/*
 * Nobody changes what runs.
 */
#include "keeper.h"
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mount.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#define ST_RDONLY 1
#define STATFS_FLAGS_WORD 10 /* struct statfs: f_flags is the eleventh long on 64-bit machines */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/*
 * A container can reach this program through /proc/<pid>/exe (CVE-2019-5736), so what runs must be a copy that
 * nobody can write: a sealed memfd; or, where memfds may not be executed, a file on a mount that is read-only.
 */
void seal_self(char **argv, char **env)
{
	u64 facts[16] = {0};
	long exe = CALL4(__NR_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	if (exe < 0)
		refuse("cannot open /proc/self/exe: is /proc mounted?");
	long seals = CALL2(__NR_fcntl, exe, F_GET_SEALS);
	int sealed = seals >= 0 && (seals & SEALS) == SEALS;
	if (!sealed && CALL2(__NR_fstatfs, exe, facts) == 0)
		sealed = (facts[STATFS_FLAGS_WORD] & ST_RDONLY) != 0;
	if (sealed) {
		CALL1(__NR_close, exe);
		return;
	}
	long copy = CALL2(__NR_memfd_create, "husk-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy == -E_INVAL) /* before Linux 6.3 there is no MFD_EXEC: every memfd may be executed */
		copy = CALL2(__NR_memfd_create, "husk-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy >= 0) {
		while (CALL4(__NR_sendfile, copy, exe, 0, 1 << 20) > 0)
			;
		if (CALL3(__NR_fcntl, copy, F_ADD_SEALS, SEALS) == 0)
			CALL5(__NR_execveat, copy, "", argv, env, AT_EMPTY_PATH);
	}
	long tree = CALL3(__NR_open_tree, exe, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	if (tree >= 0 && CALL5(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0)
		CALL5(__NR_execveat, tree, "", argv, env, AT_EMPTY_PATH);
	refuse("cannot protect this program from being overwritten: neither a sealed memfd nor a read-only mount can be executed here (see vm.memfd_noexec)");
}
