/*
 * Performs a plan's lists, one operation after the other.
 */
#include "plan.h"
#include <linux/fcntl.h>
#include <linux/signal.h>

int failed(void) { return told && told->failed; }

/* The first failure counts: what fails afterwards fails because of it. */
int fail(const u32 *op, i32 error, i32 detail)
{
	if (told && !__atomic_exchange_n(&told->failed, 1, __ATOMIC_SEQ_CST)) {
		told->ordinal = op[1] & 0xffff;
		told->error = error;
		told->detail = detail;
	}
	return -1;
}

void set_result(const u32 *op, i64 value)
{
	if (op[1] >> 16)
		slots[(op[1] >> 16) - 1] = value;
}

static int perform_call(const u32 *op)
{
	u32 count = op[0] >> 8 & 0xf, accepted = op[0] >> 12 & 0xf, flags = op[0] >> 16;
	const u32 *next = op + 4;
	i64 expected = flags & CALL_EXPECTS ? (i32)*next++ : 0;
	/* Counted, not timed: a call may wait for long itself, and the machine stand still. */
	u32 retries = flags & CALL_RETRIES ? *next++ : 0;
	const u32 *accept = next;
	next += accepted;
	long args[6] = {0};
	for (u32 i = 0; i < count; i++) {
		switch (op[3] >> (4 * i) & 0xf) {
		case TAG_NUMBER: args[i] = (i32)*next++; break;
		case TAG_WIDE: args[i] = (long)(next[0] | (u64)next[1] << 32); next += 2; break;
		case TAG_DATA: args[i] = (long)(data + *next++); break;
		case TAG_SLOT: args[i] = slots[*next++]; break;
		}
	}
	long result;
	for (;;) {
		result = REHEARSE ? 0 : call(op[2], args[0], args[1], args[2], args[3], args[4], args[5]);
		if (result == -E_INTR)
			continue;
		if ((result != -E_BUSY && result != -E_AGAIN) || !retries--)
			break;
		pause_milliseconds(1);
	}
	set_result(op, result);
	if (result < 0 && result > -4096) {
		for (u32 i = 0; i < accepted; i++)
			if ((long)accept[i] == -result)
				return 0;
		return fail(op, (i32)-result, 0);
	}
	if (flags & CALL_EXPECTS && result != expected)
		return fail(op, E_IO, (i32)result);
	return 0;
}

/* The result is the number of bytes; a NUL after digits is not one of them. */
static i64 store(const u32 *op)
{
	i64 value = slots[op[2]];
	u8 *to = data + op[3];
	if (op[4] == WIDTH_U64) {
		memcpy(to, &value, 8);
		return 8;
	}
	if (op[4] != WIDTH_DECIMAL) {
		memcpy(to, &value, 4);
		return 4;
	}
	u32 digits = write_decimal((u32)value, to);
	to[digits] = 0;
	return digits;
}

static i64 load(u32 offset, u32 width)
{
	i64 wide = 0;
	i32 narrow;
	for (u32 i = 0; width == WIDTH_DECIMAL && i < 10 && (u8)(data[offset + i] - '0') < 10; i++)
		wide = wide * 10 + (data[offset + i] - '0');
	if (width == WIDTH_DECIMAL)
		return wide;
	memcpy(&narrow, data + offset, 4);
	if (width != WIDTH_U64)
		return width == WIDTH_I32 ? narrow : (i64)(u32)narrow;
	memcpy(&wide, data + offset, 8);
	return wide;
}

static int check(const u32 *op)
{
	i64 value = load(op[2], op[3] == WIDTH_U64 ? WIDTH_U64 : WIDTH_U32);
	if (op[3] != WIDTH_U64)
		value &= op[4];
	if (value == (i64)op[5])
		return 0;
	return fail(op, op[6] ? (i32)op[6] : -(i32)value, (i32)value);
}

/*
 * Kills what a cgroup.procs file lists until it lists nothing (v1 has no cgroup.kill). Each turn opens it anew: to
 * whoever reads it again through one descriptor v1 goes on showing the old list.
 */
static void kill_all(int fd)
{
	char text[65536];
	char path[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0", *end = path + sizeof path - 11;
	u32 divisor = 1;
	while ((u32)fd / divisor >= 10)
		divisor *= 10;
	for (; divisor; divisor /= 10)
		*end++ = (char)('0' + (u32)fd / divisor % 10);
	for (u32 turn = 0; turn < 5000; turn++) {
		long list = CALL4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		long n = CALL3(__NR_read, list, text, sizeof text);
		CALL1(__NR_close, list);
		if (n <= 0)
			return;
		i32 pid = 0;
		for (long i = 0; i < n; i++) {
			if (text[i] != '\n') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 1)
				CALL2(__NR_kill, pid, SIGKILL);
			pid = 0;
		}
		pause_milliseconds(1);
	}
}

/* Performs a list until its end (0) or its first failure (-1). */
int perform(u32 list)
{
	const u32 *op = list_start(list), *end = list_end(list);
	while (op < end) {
		u32 n = operation_words(op, (u64)(end - op)), ordinal = op[1] & 0xffff;
		int result = 0;
		if (times)
			times[2 * ordinal] = now();
		switch (op[0] & 0xff) {
		case OP_CALL: result = perform_call(op); break;
		case OP_STORE: set_result(op, store(op)); break;
		case OP_LOAD: set_result(op, load(op[2], op[3])); break;
		case OP_CHECK: result = check(op); break;
		case OP_WHEN:
			if ((slots[op[2]] < 0) != (op[0] >> 16 == WHEN_FAILED))
				n += op[3];
			break;
		case OP_CLONE: result = clone_list(op); break;
		case OP_WAIT: result = REHEARSE ? 0 : wait_for(op); break;
		case OP_EXEC: result = REHEARSE ? 0 : execute(op); break;
		case OP_INIT: result = REHEARSE ? perform(op[2]) : init(op); break;
		case OP_KILL_ALL: kill_all(REHEARSE ? -1 : (int)slots[op[2]]); break;
		case OP_KEEP: result = REHEARSE ? 0 : keep(op); break;
		}
		if (times)
			times[2 * ordinal + 1] = now();
		if (result)
			return -1;
		op += n;
	}
	return 0;
}

/* For clearing up: every operation is tried, and none of its failures counts. */
void perform_all(u32 list)
{
	if (list == NO_LIST)
		return;
	const u32 *op = list_start(list), *end = list_end(list);
	while (op < end) {
		u32 n = operation_words(op, (u64)(end - op)), ordinal = op[1] & 0xffff;
		if (times)
			times[2 * ordinal] = now();
		switch (op[0] & 0xff) {
		case OP_CALL: perform_call(op); break;
		case OP_STORE: set_result(op, store(op)); break;
		case OP_LOAD: set_result(op, load(op[2], op[3])); break;
		case OP_WHEN:
			if ((slots[op[2]] < 0) != (op[0] >> 16 == WHEN_FAILED))
				n += op[3];
			break;
		case OP_CLONE: clone_list(op); break;
		case OP_WAIT:
			if (!REHEARSE)
				wait_for(op);
			break;
		case OP_KILL_ALL: kill_all(REHEARSE ? -1 : (int)slots[op[2]]); break;
		}
		if (times)
			times[2 * ordinal + 1] = now();
		op += n;
	}
}

void perform_leaving(void) { perform_all(plan->leaving); }
