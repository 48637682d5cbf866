/*
 * Parting from the caller: with a report at the end, or before it to stand alone.
 */
#include "plan.h"
#include <linux/fcntl.h>
#include <linux/signal.h>

static int launch_fd; /* to the one who waits for the launch; 0: nobody does */
static int detached;
int groups_outside[2];

int is_detached(void) { return detached; }

/* Nothing of the caller's stays open, and nothing keeps a folder of its busy. */
void let_go(void)
{
	long null = CALL4(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	for (int i = 0; i <= 2; i++)
		if (null < 0)
			CALL1(__NR_close, i);
		else if (null != i)
			CALL3(__NR_dup3, null, i, 0);
	if (null > 2)
		CALL1(__NR_close, null);
	CALL1(__NR_chdir, "/");
}

void stand_alone(void)
{
	let_go();
	/* The kernel may take 10 ms for this, which is why it comes after the launch and not before. */
	for (u32 i = 0; i < 2; i++)
		if (groups_outside[i] > 0)
			CALL3(__NR_write, groups_outside[i], "0", 1);
	CALL0(__NR_setsid);
	CALL1(__NR_close, report_fd);
	report_fd = -1;
	detached = 1;
}

/* Goes on as a child. Who was started waits until that one tells that it has launched the container, or has failed. */
void leave_caller(void)
{
	i32 ends[2], status = 0;
	u8 told_status;
	if (CALL2(__NR_pipe2, ends, O_CLOEXEC) < 0)
		refuse("cannot make a pipe");
	long child = CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (child < 0)
		refuse("cannot start a process for the container (is the limit of processes reached?)");
	if (child == 0) {
		CALL0(__NR_setsid);
		CALL1(__NR_close, ends[0]);
		launch_fd = ends[1];
		return;
	}
	CALL1(__NR_close, ends[1]);
	if (CALL3(__NR_read, ends[0], &told_status, 1) == 1)
		leave(told_status);
	CALL4(__NR_wait4, child, &status, 0, 0);
	if (status & 0x7f) /* it was killed: for the caller this one was */
		CALL2(__NR_kill, CALL0(__NR_getpid), SIGKILL);
	leave(125);
}

static void tell_caller(u8 status)
{
	write_report();
	if (!launch_fd)
		return;
	CALL3(__NR_write, launch_fd, &status, 1);
	CALL1(__NR_close, launch_fd);
	launch_fd = 0;
}

void tell_launched(void)
{
	report.launched = now();
	if (launch_fd) {
		report.outcome = LAUNCHED;
		let_go(); /* before anybody is told: who is may remove the folder it was started in */
		tell_caller(0);
		report.outcome = ENDED;
		stand_alone();
	}
	hold_descriptors();
	close_rest();
	forget_launch();
}

_Noreturn void report_and_leave(void)
{
	int status = report.outcome == FAILED ? 125 : report.exit_code;
	tell_caller((u8)status);
	leave(status);
}
