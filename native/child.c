/*
 * The keeper's children: cloned, adopted, waited for, killed.
 */
#include "plan.h"
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#ifndef P_PID
#define P_PID 1
#endif

enum { CHILDREN = 32 };
static i32 children[CHILDREN];
static u32 child_count;
u32 adopted_slot;

static void remember_child(i32 pid)
{
	if (child_count < CHILDREN)
		children[child_count++] = pid;
}

void forget_child(i32 pid)
{
	for (u32 i = 0; i < child_count; i++)
		if (children[i] == pid)
			children[i] = children[--child_count];
}

/* Takes on what a child cloned for the keeper. Only the keeper's own children can be waited for, so no other is believed. */
static void adopt(void)
{
	i32 pid = told ? told->adopted : 0;
	if (pid <= 0 || CALL5(__NR_waitid, P_PID, pid, 0, WEXITED | WNOHANG | WNOWAIT, 0) < 0)
		return;
	told->adopted = 0;
	remember_child(pid);
	if (adopted_slot)
		slots[adopted_slot - 1] = pid;
}

int clone_list(const u32 *op)
{
	struct clone_args *args = (struct clone_args *)(data + op[2]);
	if (REHEARSE)
		return perform(op[3]);
	if (child_count == CHILDREN)
		return fail(op, E_AGAIN, 0);
	long pid = CALL2(__NR_clone3, args, sizeof *args);
	if (pid == 0) {
		child_count = 0;
		if (perform(op[3]) == 0)
			leave(0);
		if (plan->complaints && slots[plan->complaints - 1] > 2) /* the keeper is gone: whoever starts this listens */
			CALL3(__NR_write, slots[plan->complaints - 1], told, sizeof *told);
		leave(125);
	}
	if (pid < 0)
		return fail(op, (i32)-pid, 0);
	if (args->flags & CLONE_PARENT)
		told->adopted = (i32)pid;
	else
		remember_child((i32)pid);
	set_result(op, pid);
	return 0;
}

/* Waits for a child through a pidfd, at most `milliseconds` (0: for ever). */
static long wait_child(i32 pid, u32 milliseconds, i32 *status)
{
	if (milliseconds) {
		long fd = CALL2(__NR_pidfd_open, pid, 0);
		struct __kernel_timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
		struct pollfd poll = {.fd = (int)fd, .events = POLLIN};
		long ready = fd < 0 ? fd : CALL5(__NR_ppoll, &poll, 1, &limit, 0, 0);
		CALL1(__NR_close, fd);
		if (ready == 0)
			return -E_TIMEDOUT;
	}
	long result;
	while ((result = CALL4(__NR_wait4, pid, status, 0, 0)) == -E_INTR)
		;
	return result;
}

int wait_for(const u32 *op)
{
	i32 status = 0, pid = (i32)slots[op[2]];
	long result = wait_child(pid, op[3], &status);
	if (result < 0)
		return fail(op, (i32)-result, 0);
	forget_child(pid);
	adopt();
	set_result(op, status);
	return status ? fail(op, E_CHILD, status) : 0;
}

void kill_children(void)
{
	adopt();
	for (u32 i = 0; i < child_count; i++)
		CALL2(__NR_kill, children[i], SIGKILL);
	for (u32 i = 0; i < child_count; i++)
		wait_child(children[i], 0, &(i32){0});
	child_count = 0;
}

int exit_status(i32 status) { return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff; }
