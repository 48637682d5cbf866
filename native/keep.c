/*
 * Staying with a container until its first process has ended: signals, time, and what the streams and clients want.
 */
#include "keep.h"
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/signal.h>
#include <linux/time_types.h>

static i32 pid;
static int pidfd, signals, caller, launched, forwards, ended;
static u64 deadline;

i32 first_process(void) { return ended ? 0 : pid; }

int signal_first_process(int signal)
{
	return ended ? -E_SRCH : (int)CALL4(__NR_pidfd_send_signal, pidfd, signal, 0, 0);
}

static void forward_signals(void)
{
	struct { u32 signal; i32 error, code; u8 rest[116]; } info; /* signalfd(2) */
	while (CALL3(__NR_read, signals, &info, sizeof info) == sizeof info) {
		if (info.signal == SIGCHLD)
			reap_tick();
		else if (info.signal == SIGWINCH && console >= 0)
			copy_window_size();
		/* What the kernel sends (code > 0: a key of the terminal, an alarm) reaches the program by itself. */
		else if (info.signal != SIGPIPE && info.code <= 0 && forwards)
			signal_first_process(info.signal == SIGNAL_KILL ? SIGKILL : (int)info.signal);
	}
}

void hold_descriptors(void)
{
	hold(pidfd);
	hold(signals);
	hold(caller);
	hold(console);
	hold_streams();
	hold_clients();
}

void leave_alone(void)
{
	restore_terminal();
	leave_callers_streams();
	if (caller >= 0)
		CALL4(__NR_pidfd_send_signal, caller, SIGUSR2, 0, 0);
	caller = -1;
	stand_alone();
}

static void set_limit(struct __kernel_timespec *limit, u64 until)
{
	u64 time = now(), rest = until > time ? until - time : 0;
	limit->tv_sec = (i64)(rest / 1000000000u);
	limit->tv_nsec = (i64)(rest % 1000000000u);
}

static u64 sooner(u64 a, u64 b) { return !a || (b && b < a) ? b : a; }

void turn(u64 until)
{
	enum { SIGNALS, CALLER, LAUNCHED_PIPE, PROCESS, STREAMS };
	struct pollfd polls[STREAMS + RELAYS + 1 + CLIENTS + 1] = {
		{.fd = signals, .events = POLLIN},
		{.fd = caller, .events = POLLIN},
		{.fd = launched, .events = POLLIN},
		{.fd = pidfd, .events = POLLIN},
	};
	u32 client_polls = STREAMS + poll_streams(polls + STREAMS);
	u32 clients = poll_clients(polls + client_polls);
	until = sooner(until, sooner(deadline, next_tick()));
	u64 idle = idle_at();
	struct __kernel_timespec limit;
	if ((until = sooner(until, idle)))
		set_limit(&limit, until);
	long ready = CALL5(__NR_ppoll, polls, client_polls + clients, until ? &limit : 0, 0, 0);
	u64 time = until ? now() : 0;
	if (ready == 0 && idle && time >= idle)
		give_back_buffers();
	if (deadline && time >= deadline) {
		report.flags |= REPORT_TIMED_OUT;
		signal_first_process(SIGKILL);
		deadline = 0;
	}
	if (next_tick() && time >= next_tick())
		tick();
	if (ready <= 0)
		return;
	if (polls[LAUNCHED_PIPE].revents) {
		CALL1(__NR_close, launched);
		launched = -1;
		if (!failed())
			note_launch();
	}
	if (polls[PROCESS].revents) {
		ended = 1;
		return;
	}
	if (polls[SIGNALS].revents)
		forward_signals();
	if (polls[CALLER].revents) {
		report.flags |= REPORT_CALLER_DIED;
		signal_first_process(SIGKILL);
		caller = -1;
	}
	move_streams(polls + STREAMS);
	serve_clients(polls + client_polls, clients);
	if (has_logged())
		poke_clients();
}

int keep(const u32 *op)
{
	const struct supervision *s = op[7] ? (const struct supervision *)(data + op[7]) : 0;
	const u32 head[2] = {op[0], op[1]}; /* of the plan only what is needed at the end outlasts the launch */
	u64 all = ALL_SIGNALS;
	i32 status = 0;
	pid = (i32)slot(op[2] + 1);
	console = (int)slot(op[3]);
	deadline = op[4] ? now() + op[4] * 1000000ul : 0;
	forwards = op[5] & KEEP_FORWARDS;
	caller = (int)slot(op[6]);
	open_streams(op, s);
	launched = -1;
	pidfd = (int)CALL2(__NR_pidfd_open, pid, 0);
	if (pidfd < 0)
		return fail(op, -pidfd, 0);
	signals = (int)CALL4(__NR_signalfd4, -1, &all, 8, O_CLOEXEC | O_NONBLOCK);
	if (signals < 0)
		return fail(op, -signals, 0);
	if (s) {
		int error = supervise(s);
		if (error < 0)
			return fail(op, -error, 0);
		launched = (int)slot(s->launched);
		learn_keys(s);
	} else {
		report.launched = now();
	}
	if (console >= 0) {
		copy_window_size();
		make_terminal_raw();
	}
	while (!ended)
		turn(0);
	drain_streams();
	restore_terminal();
	while (CALL4(__NR_wait4, pid, &status, 0, 0) == -E_INTR)
		;
	forget_child(pid);
	forget_streams();
	CALL1(__NR_close, pidfd);
	pidfd = caller = console = -1;
	deadline = 0;
	report.exit_signal = status & 0x7f;
	report.exit_code = exit_status(status);
	set_result(head, status);
	return failed() ? -1 : 0; /* a step of the container itself may have failed */
}
