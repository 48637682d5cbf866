/*
 * pid 1 of a container that asked for one: forwards signals, reaps, ends when its child ends.
 */
#include "plan.h"
#include <asm/ioctls.h>
#include <linux/prctl.h>
#include <linux/signal.h>

int init(const u32 *op)
{
	u64 all = ALL_SIGNALS;
	CALL4(__NR_rt_sigprocmask, 2, &all, 0, 8);
	CALL2(__NR_prctl, PR_SET_DUMPABLE, 0);
	/* Not clone3: the container's filter holds already, and filters cannot look into its arguments. */
	long child = CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		i32 self = (i32)CALL0(__NR_getpid);
		CALL2(__NR_setpgid, 0, 0);
		CALL3(__NR_ioctl, 0, TIOCSPGRP, &self); /* fails without a terminal, which is well */
		leave(perform(op[2]) == 0 ? 0 : 125);
	}
	if (child < 0)
		return fail(op, (i32)-child, 0);
	CALL2(__NR_prctl, PR_SET_NAME, "husk-init");
	CALL3(__NR_close_range, 3, ~0u, 0);
	forget_plan();
	for (;;) {
		i32 status;
		long pid;
		while ((pid = CALL4(__NR_wait4, -1, &status, 1 /* WNOHANG */, 0)) > 0)
			if (pid == child)
				leave(exit_status(status));
		siginfo_t info;
		long signal = CALL4(__NR_rt_sigtimedwait, &all, &info, 0, 8);
		if (signal > 0 && signal != SIGCHLD)
			CALL2(__NR_kill, child, signal);
	}
}
