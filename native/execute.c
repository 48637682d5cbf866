/*
 * Becoming another program.
 */
#include "plan.h"
#include <asm/stat.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>

static void reset_signals(void)
{
	u64 none = 0;
	struct { u64 handler, flags, restorer, mask; } plain = {0};
	for (int signal = 1; signal <= 64; signal++)
		CALL4(__NR_rt_sigaction, signal, &plain, 0, 8);
	CALL4(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, 0, 8);
}

/* As execvp(3): a missing file is passed over, a refused one is remembered. */
int execute(const u32 *op)
{
	char **argv = (char **)(data + op[2]), **env = (char **)(data + op[3]), **path = (char **)(data + op[4]);
	reset_signals();
	CALL3(__NR_close_range, 3 + plan->preserve, ~0u, CLOSE_RANGE_CLOEXEC);
	i32 error = E_NOENT, culprit = -1, mode = 0;
	for (i32 i = 0; path[i]; i++) {
		i32 now_error = (i32)-CALL3(__NR_execve, path[i], argv, env);
		struct stat facts = {0};
		int exists = CALL4(__NR_newfstatat, AT_FDCWD, path[i], &facts, 0) == 0;
		if ((now_error == E_NOENT || now_error == E_NOTDIR) && !exists)
			continue;
		if (now_error == E_ACCES && culprit >= 0)
			continue;
		error = now_error;
		culprit = i;
		mode = (i32)facts.st_mode;
		if (error != E_ACCES)
			break;
	}
	if (culprit >= 0) {
		long fd = CALL4(__NR_openat, AT_FDCWD, path[culprit], O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
		long n = fd < 0 ? fd : CALL3(__NR_read, fd, told->exhibit, sizeof told->exhibit);
		told->exhibit_bytes = n > 0 ? (u32)n : 0;
	}
	told->path = culprit;
	return fail(op, error, mode);
}

_Noreturn void become(char **argv, char **env, int lock)
{
	let_go();
	if (lock == 3)
		CALL3(__NR_fcntl, lock, F_SETFD, 0);
	else if (lock > 3)
		CALL3(__NR_dup3, lock, 3, 0);
	CALL3(__NR_close_range, lock < 3 ? 3 : 4, ~0u, 0);
	reset_signals();
	CALL3(__NR_execve, argv[0], argv, env);
	leave(125);
}
