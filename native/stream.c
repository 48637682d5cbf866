/*
 * The container's output, to the log and the caller, and its input.
 */
#include "keep.h"
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
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
static int closes_input, appended, touched;
static u8 keys[DETACH_KEYS];
static u32 key_count, keys_typed;

void open_streams(const u32 *op, const struct supervision *s)
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

void learn_keys(const struct supervision *s)
{
	key_count = s->key_count;
	memcpy(keys, data + s->keys, key_count);
}

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
static void drain_stream(struct stream *s)
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

u32 poll_streams(struct pollfd *polls)
{
	for (u32 i = 0; i < stream_count; i++) {
		struct stream *s = &streams[i];
		polls[i].fd = pending(s) ? s->to : s->from;
		polls[i].events = pending(s) ? POLLOUT : POLLIN;
	}
	return stream_count;
}

void move_streams(const struct pollfd *polls)
{
	for (u32 i = 0; i < stream_count; i++)
		if (polls[i].revents)
			move(&streams[i]);
}

int has_logged(void)
{
	int has = appended;
	appended = 0;
	return has;
}

u64 idle_at(void)
{
	for (u32 i = 0; i < stream_count; i++)
		if (pending(&streams[i]))
			return 0;
	return touched ? now() + IDLE_NANOSECONDS : 0;
}

void give_back_buffers(void)
{
	touched = 0;
	CALL3(__NR_madvise, buffers, stream_count * CHUNK, MADV_DONTNEED);
}

void hold_streams(void)
{
	for (u32 i = 0; i < stream_count; i++) {
		hold(streams[i].from);
		hold(streams[i].to);
	}
}

void leave_callers_streams(void)
{
	for (u32 i = 0; i < stream_count; i++) {
		if (streams[i].from == 0)
			streams[i].from = -1;
		if (streams[i].to < 0 || streams[i].to > 2)
			continue;
		streams[i].to = -1;
		streams[i].start = streams[i].end;
	}
}

void drain_streams(void)
{
	for (u32 i = 0; i < stream_count; i++)
		drain_stream(&streams[i]);
	log_output(0, 0, 0);
}

void forget_streams(void)
{
	stream_count = 0;
	input = 0;
}
