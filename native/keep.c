/*
 * Staying with a container until its first process has ended: streams, terminal, signals, time.
 */
#include "keeper.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/signal.h>
#include <linux/time_types.h>

enum { CHUNK = 65536, INPUT = 4096 };
enum { CERTAIN = 4096 }; /* PIPE_BUF: what can be written to a pipe that poll(2) calls writable without waiting */
enum { IDLE_NANOSECONDS = 200000000 };

/* Moves bytes from one descriptor to another; from is -1 once nothing more comes, to when nobody wants it. */
struct stream {
	int from, to, drains;
	u8 number; /* in the log; 0: not logged */
	u32 start, end;
	u8 *bytes;
};

static u8 *buffers; /* of CHUNK bytes for each stream; pages that are not in use take no memory */
static struct stream streams[RELAYS + 1], *input;
static u32 stream_count;
static i32 pid;
static int pidfd, signals, caller, console, launched;
static int forwards, closes_input, appended, touched, ended;
static u64 deadline;
static u8 keys[DETACH_KEYS];
static u32 key_count, keys_typed;

/* --- the terminal ------------------------------------------------------------------------------------ */

static struct termios saved_terminal;
static int terminal_changed;

void restore_terminal(void)
{
	if (terminal_changed)
		CALL3(__NR_ioctl, 0, TCSETS, &saved_terminal);
	terminal_changed = 0;
}

/* As cfmakeraw(3): the container's terminal, not ours, interprets what is typed. */
static void make_terminal_raw(void)
{
	if (CALL3(__NR_ioctl, 0, TCGETS, &saved_terminal) < 0)
		return;
	struct termios raw = saved_terminal;
	raw.c_iflag &= ~(u32)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag &= ~(u32)OPOST;
	raw.c_lflag &= ~(u32)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag = (raw.c_cflag & ~(u32)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	terminal_changed = CALL3(__NR_ioctl, 0, TCSETS, &raw) == 0;
}

static void copy_window_size(void)
{
	u32 size[2];
	if (CALL3(__NR_ioctl, 0, TIOCGWINSZ, size) == 0 || CALL3(__NR_ioctl, 1, TIOCGWINSZ, size) == 0)
		CALL3(__NR_ioctl, console, TIOCSWINSZ, size);
}

int resize_console(u32 rows, u32 columns)
{
	__u16 size[4] = {(__u16)rows, (__u16)columns, 0, 0};
	return console < 0 ? -E_NOTTY : (int)CALL3(__NR_ioctl, console, TIOCSWINSZ, size);
}

/* --- streams ----------------------------------------------------------------------------------------- */

static int pending(const struct stream *s) { return s->start < s->end; }

/* The end of input is passed on by closing, unless the other end is a terminal, which serves both ways. */
static void end_stream(struct stream *s)
{
	s->from = -1;
	s->start = s->end;
	if (s == input && !closes_input)
		return;
	if (s->to != console && s->to > 2)
		CALL1(__NR_close, s->to);
	s->to = -1;
}

/* Who writes what nobody can read any more gets a broken pipe, or a hang-up. */
static void write_failed(struct stream *s, long error)
{
	if (s != input && error != -E_PIPE) {
		report.flags |= REPORT_OUTPUT_LOST;
		report.error = (i32)-error;
	}
	if (s->from > 2)
		CALL1(__NR_close, s->from);
	closes_input |= s == input;
	end_stream(s);
}

/* The terminal inside hangs up when the one outside is gone. */
static void read_failed(struct stream *s)
{
	if (s->to >= 0 && s->to == console && terminal_changed) {
		CALL1(__NR_close, console);
		for (u32 i = 0; i < stream_count; i++) {
			if (streams[i].from == console)
				streams[i].from = -1;
			if (streams[i].to == console)
				streams[i].to = -1;
		}
		console = -1;
	}
	end_stream(s);
}

/* Takes the keys that leave the container alone out of what was typed; `to` has room for those held back before. */
static u32 look_for_keys(const u8 *typed, u32 count, u8 *to)
{
	u32 n = 0;
	for (u32 i = 0; i < count; i++) {
		if (typed[i] == keys[keys_typed]) {
			if (++keys_typed < key_count)
				continue;
			keys_typed = 0;
			leave_alone();
			return n;
		}
		for (u32 held = 0; held < keys_typed; held++)
			to[n++] = keys[held];
		keys_typed = typed[i] == keys[0];
		if (!keys_typed)
			to[n++] = typed[i];
	}
	return n;
}

static void take(struct stream *s, u32 n)
{
	touched = 1;
	if (s == input) {
		s->start = key_count && terminal_changed ? 0 : DETACH_KEYS;
		s->end = s->start ? s->start + n : look_for_keys(s->bytes + DETACH_KEYS, n, s->bytes);
		return;
	}
	if (s->number) {
		log_output(s->number, s->bytes, n);
		appended = 1;
	}
	s->start = 0;
	s->end = s->to < 0 ? 0 : n;
}

/* Does the one thing that poll(2) said is possible: writes what is pending, or else reads. How many bytes it were. */
static u32 move(struct stream *s)
{
	int writes = pending(s);
	u32 rest = s->end - s->start;
	long n = writes	     ? CALL3(__NR_write, s->to, s->bytes + s->start, rest < CERTAIN ? rest : CERTAIN)
		: s == input ? CALL3(__NR_read, s->from, s->bytes + DETACH_KEYS, INPUT)
			     : CALL3(__NR_read, s->from, s->bytes, CHUNK);
	if (n == -E_AGAIN || n == -E_INTR)
		return 0;
	if (n <= 0 && writes)
		write_failed(s, n);
	else if (n <= 0)
		read_failed(s);
	else if (writes)
		s->start += (u32)n;
	else
		take(s, (u32)n);
	return n > 0 ? (u32)n : 0;
}

#define DRAIN_BYTES (1l << 20) /* above a terminal's 640 KiB (drivers/tty/tty_buffer.c) */

/*
 * After the end: what the container wrote last still lies in the terminal's or the pipe's buffer. No more than a buffer
 * holds: where the container has no pid namespace of its own, others of it may go on writing for ever.
 */
static void drain(struct stream *s)
{
	long room = CALL2(__NR_fcntl, s->from, F_GETPIPE_SZ);
	if (room < DRAIN_BYTES)
		room = DRAIN_BYTES;
	while (s->drains && (pending(s) || (s->from >= 0 && room > 0))) {
		int writes = pending(s);
		struct pollfd poll = {.fd = writes ? s->to : s->from, .events = writes ? POLLOUT : POLLIN};
		struct __kernel_timespec limit = {.tv_sec = writes ? 10 : 0};
		if (CALL5(__NR_ppoll, &poll, 1, &limit, 0, 0) > 0) {
			u32 n = move(s);
			room -= writes ? 0 : n;
		} else if (writes && s->number) {
			s->to = -1; /* the log gets the rest all the same */
			s->start = s->end;
		} else {
			return;
		}
	}
}

int takes_input(void) { return input && input->to >= 0; }
int input_waits(void) { return input && pending(input); }

void feed(const u8 *bytes, u32 length)
{
	if (!takes_input() || input_waits())
		return;
	memcpy(input->bytes, bytes, length);
	input->start = 0;
	input->end = length;
	touched = 1;
}

void end_input(void)
{
	if (input && closes_input)
		end_stream(input);
}

/* --- from its start to its end ----------------------------------------------------------------------- */

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
	for (u32 i = 0; i < stream_count; i++) {
		hold(streams[i].from);
		hold(streams[i].to);
	}
	hold_clients();
}

void leave_alone(void)
{
	restore_terminal();
	for (u32 i = 0; i < stream_count; i++) {
		if (streams[i].from == 0)
			streams[i].from = -1;
		if (streams[i].to < 0 || streams[i].to > 2)
			continue;
		streams[i].to = -1;
		streams[i].start = streams[i].end;
	}
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
	u32 count = STREAMS, client_polls = STREAMS + stream_count;
	int busy = 0;
	for (u32 i = 0; i < stream_count; i++, count++) {
		struct stream *s = &streams[i];
		busy |= pending(s);
		polls[count].fd = pending(s) ? s->to : s->from;
		polls[count].events = pending(s) ? POLLOUT : POLLIN;
	}
	u32 clients = poll_clients(polls + client_polls);
	until = sooner(until, sooner(deadline, next_tick()));
	u64 idle = touched && !busy ? now() + IDLE_NANOSECONDS : 0;
	struct __kernel_timespec limit;
	if ((until = sooner(until, idle)))
		set_limit(&limit, until);
	long ready = CALL5(__NR_ppoll, polls, client_polls + clients, until ? &limit : 0, 0, 0);
	u64 time = until ? now() : 0;
	if (ready == 0 && idle && time >= idle) {
		touched = 0;
		CALL3(__NR_madvise, buffers, stream_count * CHUNK, MADV_DONTNEED);
	}
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
	for (u32 i = 0; i < stream_count; i++)
		if (polls[STREAMS + i].revents)
			move(&streams[i]);
	serve_clients(polls + client_polls, clients);
	if (appended)
		poke_clients();
	appended = 0;
}

static void open_streams(const u32 *op, const struct supervision *s)
{
	stream_count = op[0] >> 8 & 0xf;
	closes_input = !s || s->flags & INPUT_ONCE;
	for (u32 i = 0; i < stream_count; i++) {
		const u32 *word = op + 8 + RELAY_WORDS * i;
		streams[i].from = (int)slot(word[0]);
		streams[i].to = (int)slot(word[1]);
		streams[i].drains = word[2] & RELAY_DRAINS;
		streams[i].number = (u8)(word[2] >> RELAY_STREAM_SHIFT);
		if (s && s->input && streams[i].to == slot(s->input))
			input = &streams[i];
	}
	if (s && s->input && !input) {
		input = &streams[stream_count++];
		input->from = -1;
		input->to = (int)slot(s->input);
	}
	if (stream_count)
		buffers = new_memory(stream_count * CHUNK, MAP_PRIVATE);
	for (u32 i = 0; i < stream_count; i++) {
		streams[i].bytes = buffers + i * CHUNK;
		/* Others can have the same pipe open and take away what was there to read, or fill it, just before we try. */
		if (streams[i].from > 2)
			CALL3(__NR_fcntl, streams[i].from, F_SETFL, O_NONBLOCK);
		if (streams[i].to > 2)
			CALL3(__NR_fcntl, streams[i].to, F_SETFL, O_NONBLOCK);
	}
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
		key_count = s->key_count;
		memcpy(keys, data + s->keys, key_count);
	} else {
		report.launched = now();
	}
	if (console >= 0) {
		copy_window_size();
		make_terminal_raw();
	}
	while (!ended)
		turn(0);
	for (u32 i = 0; i < stream_count; i++)
		drain(&streams[i]);
	log_output(0, 0, 0);
	restore_terminal();
	while (CALL4(__NR_wait4, pid, &status, 0, 0) == -E_INTR)
		;
	forget_child(pid);
	stream_count = 0;
	input = 0;
	CALL1(__NR_close, pidfd);
	pidfd = caller = console = -1;
	deadline = 0;
	report.exit_signal = status & 0x7f;
	report.exit_code = exit_status(status);
	set_result(head, status);
	return failed() ? -1 : 0; /* a step of the container itself may have failed */
}
