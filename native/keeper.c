/*
 * The keeper: performs a launch plan and stays with what it started.
 *
 * It knows nothing of containers. husk (TypeScript) decides everything and hands over a plan: a list of
 * system calls with a few control instructions (docs/architecture.md describes the format; src/plan/encode.ts
 * writes it). The keeper reads the plan into private memory, validates it whole, performs it, waits, forwards
 * signals, cleans up and reports. It is freestanding: kernel headers only, no libc, no heap.
 *
 *   seal.c       nobody changes what runs
 *   keeper.c     reads, validates and performs a plan; starts and ends
 *   keep.c       stays with the container: streams, terminal, signals, time
 *   log.c        the framed log
 *   supervise.c  clients at the socket, the exit record, what happens after the end
 *
 * Descriptors at start: 0 the plan, 1 and 2 the container's output, 3 the container's input,
 * 4 the report (written once, at the end), 5… descriptors to preserve as 3… in the container.
 */
#include "keeper.h"
#include <asm/ioctls.h>
#include <asm/stat.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#ifndef P_PID
#define P_PID 1
#endif

/* The compiler may call these for plain assignments. */
void *memset(void *to, int value, unsigned long n)
{
	for (u8 *p = to; n--;)
		*p++ = (u8)value;
	return to;
}
void *memcpy(void *to, const void *from, unsigned long n)
{
	u8 *t = to;
	for (const u8 *p = from; n--;)
		*t++ = *p++;
	return to;
}

_Noreturn void leave(int status)
{
	for (;;)
		CALL1(__NR_exit_group, status);
}

static unsigned long length(const char *text)
{
	unsigned long n = 0;
	while (text[n])
		n++;
	return n;
}

/* Only for what happens before there is a report. */
_Noreturn void refuse(const char *why)
{
	CALL3(__NR_write, 2, "husk-keeper: ", 13);
	CALL3(__NR_write, 2, why, length(why));
	CALL3(__NR_write, 2, "\n", 1);
	leave(125);
}

static u64 clock(int which)
{
	struct __kernel_timespec t = {0};
	CALL2(__NR_clock_gettime, which, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}
u64 now(void) { return clock(1 /* CLOCK_MONOTONIC */); }
u64 time_of_day(void) { return clock(0 /* CLOCK_REALTIME */); }

void pause_milliseconds(u32 milliseconds)
{
	struct __kernel_timespec t = {.tv_nsec = milliseconds * 1000000};
	CALL2(__NR_nanosleep, &t, 0);
}

u32 write_decimal(u64 value, u8 *to)
{
	u8 digits[20];
	u32 count = 0, n = 0;
	do
		digits[count++] = (u8)('0' + value % 10);
	while (value /= 10);
	while (count)
		to[n++] = digits[--count];
	return n;
}

/* --- the plan ---------------------------------------------------------------------------------------- */

#define PLAN_MAGIC 0x4b535548u   /* "HUSK" */
#define REPORT_MAGIC 0x50455248u /* "HREP" */
#define PROTOCOL 2u
#define PLAN_LIMIT (64u << 20)
#if defined(__x86_64__)
#define MACHINE 62u /* EM_X86_64 */
#else
#define MACHINE 183u /* EM_AARCH64 */
#endif

struct header {
	u32 magic, protocol, machine, bytes;
	u32 flags, lists, slots, words;
	u32 data, relocations, exports, cleanup;
	u32 operations, preserve, complaints /* slot + 1 */, leaving;
	u32 first;      /* the list to begin with; only those before it are needed after a launch */
	u32 kept_data;  /* and of the data this much, from its beginning */
	u32 kept_slots; /* and of the results so many */
	u32 reserved;
};
enum { PLAN_TIMED = 1, PLAN_HANDS_OVER = 2, PLAN_DETACHES = 4 };

enum kind { OP_CALL = 1, OP_STORE, OP_LOAD, OP_CHECK, OP_WHEN, OP_CLONE, OP_WAIT, OP_EXEC, OP_INIT, OP_KILL_ALL, OP_KEEP };
enum { CALL_EXPECTS = 1, CALL_RETRIES = 2 };
enum tag { TAG_NUMBER, TAG_WIDE, TAG_DATA, TAG_SLOT };
enum width { WIDTH_I32 = 1, WIDTH_U32, WIDTH_U64, WIDTH_DECIMAL };
enum { WHEN_FAILED = 1, WHEN_SUCCEEDED = 2 };

/*
 * All that the other processes of a plan can tell the keeper, with the times: the only memory they share; gone when
 * the container is launched. Each has
 * its own copy of the rest from its birth on, so whoever gets hold of one of them steers no other.
 */
struct told {
	u32 failed, ordinal;
	i32 error, detail, path;
	u32 exhibit_bytes;
	i32 adopted; /* a child that another child cloned for the keeper (CLONE_PARENT) */
	u32 reserved;
	u8 exhibit[4096];
};

static const struct header *plan;
static const u32 *lists, *relocations, *words;
const u32 *exports;
struct report report;
static struct told *told;
static u64 *times; /* start and end of each operation, when asked for; shared as well */
static i64 *slots;
u8 *data;
static u64 told_bytes, data_bytes, plan_bytes;
static u32 adopted_slot; /* of the clone whose child the keeper adopts, plus 1 */
static int report_fd, launch_fd; /* launch_fd: to the one who waits for the launch; -1: nobody does */
static int detached;

i64 slot(u32 number) { return number ? slots[number - 1] : -1; }
u32 export_count(void) { return plan->exports; }
int failed(void) { return told && told->failed; }
int is_detached(void) { return detached; }

#define CHILDREN 32
static i32 children[CHILDREN];
static u32 child_count;

static const u32 *list_start(u32 list) { return words + lists[2 * list]; }
static const u32 *list_end(u32 list) { return words + lists[2 * list + 1]; }

/* Words of the operation at `op`, or 0 if it is none. `room` is how many words are left. */
static u32 operation_words(const u32 *op, u64 room)
{
	if (room < 3)
		return 0;
	u32 kind = op[0] & 0xff, count = op[0] >> 8 & 0xf, accepted = op[0] >> 12 & 0xf, flags = op[0] >> 16;
	u32 n;
	switch (kind) {
	case OP_CALL:
		if (count > 6 || room < 4)
			return 0;
		n = 4 + accepted + ((flags & CALL_EXPECTS) != 0) + ((flags & CALL_RETRIES) != 0);
		for (u32 i = 0; i < count; i++)
			n += (op[3] >> (4 * i) & 0xf) == TAG_WIDE ? 2 : 1;
		break;
	case OP_KILL_ALL: case OP_INIT: n = 3; break;
	case OP_LOAD: case OP_WHEN: case OP_CLONE: case OP_WAIT: n = 4; break;
	case OP_STORE: n = 5; break;
	case OP_EXEC: n = 5; break;
	case OP_CHECK: n = 7; break;
	case OP_KEEP:
		if (count > RELAYS)
			return 0;
		n = 8 + RELAY_WORDS * count;
		break;
	default: return 0;
	}
	return n <= room ? n : 0;
}

static int inside(u32 offset, u32 bytes) { return offset <= plan->data && bytes <= plan->data - offset; }

static u32 width_bytes(u32 width)
{
	return width == WIDTH_U64 ? 8 : width == WIDTH_DECIMAL ? 12 : width <= WIDTH_U32 && width ? 4 : PLAN_LIMIT;
}

/* An array of addresses, relocated already, that ends in 0: argv(7)-like. */
static int pointer_array(u32 offset)
{
	if (offset % 8)
		return 0;
	for (; inside(offset, 8); offset += 8) {
		u64 address = *(u64 *)(data + offset);
		if (!address)
			return 1;
		if (address < (u64)data || address >= (u64)data + plan->data)
			return 0;
	}
	return 0;
}

/* All of it has to lie in the part of the data that is kept. */
static int supervision_valid(u32 offset)
{
	if (offset % 8 || offset > plan->kept_data || plan->kept_data - offset < sizeof(struct supervision))
		return 0;
	const struct supervision *s = (const struct supervision *)(data + offset);
	const u32 results[] = {s->launched, s->listener, s->input, s->log_directory, s->log_file, s->exit, s->lock,
		s->groups[0], s->groups[1]};
	const u32 texts[] = {s->journal, s->journal_bytes, s->before, s->before_bytes, s->after, s->after_bytes,
		s->keys, s->key_count, s->names, s->names_bytes};
	const u32 programs[] = {s->restart, s->finish, s->health};
	for (u32 i = 0; i < sizeof results / sizeof *results; i++)
		if (results[i] > plan->slots)
			return 0;
	for (u32 i = 0; i < sizeof texts / sizeof *texts; i += 2)
		if (texts[i] > plan->kept_data || texts[i + 1] > plan->kept_data - texts[i])
			return 0;
	for (u32 i = 0; i < sizeof programs / sizeof *programs; i++)
		if (programs[i] && (!pointer_array(programs[i]) || !*(u64 *)(data + programs[i])))
			return 0;
	for (u32 i = 0; i < plan->exports; i++)
		if ((u64)exports[2 * i] + exports[2 * i + 1] > plan->kept_data)
			return 0;
	return s->launched && s->environment && pointer_array(s->environment) && s->key_count <= DETACH_KEYS &&
		s->before_bytes <= EVENT_TEXT && s->after_bytes <= EVENT_TEXT && plan->exports <= SUPERVISED_EXPORTS &&
		(!s->journal_bytes || !data[s->journal + s->journal_bytes - 1]) &&
		(!s->log_file || (s->log_directory && s->log_files && s->log_files <= 1000)) &&
		(!(s->flags & (RESTARTS_ALWAYS | RESTARTS_ON_FAILURE)) || s->restart);
}

static int operation_valid(const u32 *op, u32 list, const u32 *body_end)
{
	u32 kind = op[0] & 0xff, slot = op[1] >> 16;
	if ((op[1] & 0xffff) >= plan->operations || slot > plan->slots)
		return 0;
	switch (kind) {
	case OP_CALL: {
		u32 count = op[0] >> 8 & 0xf, flags = op[0] >> 16;
		const u32 *arg = op + 4 + (op[0] >> 12 & 0xf) + ((flags & CALL_EXPECTS) != 0) + ((flags & CALL_RETRIES) != 0);
		for (u32 i = 0; i < count; i++) {
			u32 tag = op[3] >> (4 * i) & 0xf;
			if ((tag == TAG_DATA && *arg >= plan->data) || (tag == TAG_SLOT && *arg >= plan->slots) || tag > TAG_SLOT)
				return 0;
			arg += tag == TAG_WIDE ? 2 : 1;
		}
		return 1;
	}
	case OP_STORE: return op[2] < plan->slots && inside(op[3], width_bytes(op[4]));
	case OP_LOAD: return slot && inside(op[2], width_bytes(op[3]));
	case OP_CHECK: return op[3] != WIDTH_DECIMAL && inside(op[2], width_bytes(op[3]));
	case OP_WHEN:
		return op[2] < plan->slots && (op[0] >> 16 == WHEN_FAILED || op[0] >> 16 == WHEN_SUCCEEDED) &&
			op[3] <= (u64)(body_end - (op + 4));
	case OP_CLONE:
		if (op[2] % 8 || !inside(op[2], sizeof(struct clone_args)) || op[3] <= list || op[3] >= plan->lists)
			return 0;
		if (((struct clone_args *)(data + op[2]))->flags & CLONE_PARENT)
			adopted_slot = slot;
		return 1;
	case OP_INIT: return op[2] > list && op[2] < plan->lists;
	case OP_WAIT: case OP_KILL_ALL: return op[2] < plan->slots;
	case OP_EXEC: return pointer_array(op[2]) && pointer_array(op[3]) && pointer_array(op[4]) && *(u64 *)(data + op[4]);
	case OP_KEEP:
		for (u32 i = 0; i < RELAY_WORDS * (op[0] >> 8 & 0xf); i += RELAY_WORDS)
			if (op[8 + i] > plan->slots || op[9 + i] > plan->slots)
				return 0;
		return op[2] < plan->slots && op[3] <= plan->slots && op[6] <= plan->slots &&
			(!op[7] || (list == plan->first && supervision_valid(op[7])));
	}
	return 0;
}

static int list_valid(u32 list)
{
	const u32 *ends[16], *op = list_start(list);
	u32 depth = 0;
	ends[0] = list_end(list);
	while (op < ends[0]) {
		u32 n = operation_words(op, (u64)(ends[depth] - op));
		if (!n || !operation_valid(op, list, ends[depth]))
			return 0;
		int opens = (op[0] & 0xff) == OP_WHEN;
		const u32 *body = op + n + (opens ? op[3] : 0);
		op += n;
		if (opens) {
			if (++depth == 16)
				return 0;
			ends[depth] = body;
		}
		while (depth && op == ends[depth])
			depth--;
	}
	return depth == 0;
}

u8 *new_memory(u64 bytes, int kind)
{
	long memory = CALL6(__NR_mmap, 0, bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
	if (memory < 0 && memory > -4096)
		refuse("no memory for the launch plan");
	return (u8 *)memory;
}

/* Reads the plan into private memory: nobody can change it once it has been validated. */
static const u8 *read_plan(u32 *bytes)
{
	u64 room = 1 << 17, used = 0;
	u8 *buffer = new_memory(room, MAP_PRIVATE);
	for (;;) {
		if (used == room) {
			long moved = CALL5(__NR_mremap, buffer, room, room * 2, 1 /* MREMAP_MAYMOVE */, 0);
			if (room >= PLAN_LIMIT || (moved < 0 && moved > -4096))
				refuse("the launch plan is larger than 64 MiB");
			buffer = (u8 *)moved;
			room *= 2;
		}
		long n = CALL3(__NR_read, 0, buffer + used, room - used);
		if (n == -E_INTR)
			continue;
		if (n < 0)
			refuse("cannot read the launch plan from descriptor 0");
		if (n == 0)
			break;
		used += (u64)n;
	}
	*bytes = (u32)used;
	plan_bytes = room;
	return buffer;
}

static u64 aligned(u64 n) { return (n + 7) & ~7ul; }

/* Takes the plan apart and validates every word of it; nothing is performed before. */
static void open_plan(void)
{
	u32 bytes;
	const u8 *start = read_plan(&bytes);
	plan = (const struct header *)start;
	if (bytes < sizeof *plan || plan->magic != PLAN_MAGIC || plan->bytes != bytes)
		refuse("malformed launch plan: this program is started by husk, not by hand");
	if (plan->protocol != PROTOCOL)
		refuse("this keeper and husk speak different versions of the plan's protocol");
	if (plan->machine != MACHINE)
		refuse("the launch plan is for another processor architecture");
	u64 end = sizeof *plan + 8ul * plan->lists + 4ul * plan->relocations + 8ul * plan->exports + 4ul * plan->words;
	if (!plan->lists || plan->lists > 4096 || plan->slots > 65535 || plan->operations > 65535 || plan->preserve > 1000 ||
		(plan->flags & ~(u32)(PLAN_TIMED | PLAN_HANDS_OVER | PLAN_DETACHES)) || plan->complaints > plan->slots ||
		plan->first >= plan->lists || (plan->cleanup != NO_LIST && plan->cleanup >= plan->first) ||
		(plan->leaving != NO_LIST && plan->leaving >= plan->first) || plan->kept_data > plan->data ||
		plan->kept_slots > plan->slots || plan->reserved || aligned(end) + plan->data != bytes)
		refuse("malformed launch plan: its parts do not fit");
	lists = (const u32 *)(start + sizeof *plan);
	relocations = lists + 2 * plan->lists;
	exports = relocations + plan->relocations;
	words = exports + 2 * plan->exports;

	u64 times_bytes = plan->flags & PLAN_TIMED ? 16ul * plan->operations : 0;
	told_bytes = aligned(sizeof *told) + times_bytes;
	data_bytes = 8ul * plan->slots + plan->data + 4096;
	told = (struct told *)new_memory(told_bytes, MAP_SHARED);
	times = times_bytes ? (u64 *)((u8 *)told + aligned(sizeof *told)) : 0;
	slots = (i64 *)new_memory(data_bytes, MAP_PRIVATE);
	data = (u8 *)(slots + plan->slots);
	memcpy(data, start + aligned(end), plan->data);

	for (u32 i = 0; i < plan->relocations; i++) {
		u32 at = relocations[i];
		if (at % 8 || !inside(at, 8) || *(u64 *)(data + at) >= plan->data)
			refuse("malformed launch plan: an address points outside");
	}
	for (u32 i = 0; i < plan->relocations; i++)
		*(u64 *)(data + relocations[i]) += (u64)data;
	for (u32 i = 0; i < plan->exports; i++)
		if (!inside(exports[2 * i], exports[2 * i + 1]))
			refuse("malformed launch plan: an export points outside");
	u32 next = 0;
	for (u32 i = 0; i < plan->lists; i++) {
		if (lists[2 * i] != next || lists[2 * i + 1] < next || lists[2 * i + 1] > plan->words)
			refuse("malformed launch plan: lists overlap");
		next = lists[2 * i + 1];
	}
	if (next != plan->words)
		refuse("malformed launch plan: operations in no list");
	for (u32 i = 0; i < plan->lists; i++)
		if (!list_valid(i))
			refuse("malformed launch plan: an operation is not valid");
	report.magic = REPORT_MAGIC;
	report.protocol = PROTOCOL;
	report.operations = plan->operations;
}

/* --- performing -------------------------------------------------------------------------------------- */

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

static int perform(u32 list);

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

static int clone_list(const u32 *op)
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

static int wait_for(const u32 *op)
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

static void reset_signals(void)
{
	u64 none = 0;
	struct { u64 handler, flags, restorer, mask; } plain = {0};
	for (int signal = 1; signal <= 64; signal++)
		CALL4(__NR_rt_sigaction, signal, &plain, 0, 8);
	CALL4(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, 0, 8);
}

/* Becomes another program. As execvp(3): a missing file is passed over, a refused one is remembered. */
static int execute(const u32 *op)
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

int exit_status(i32 status) { return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff; }

/*
 * Lets go of the plan. The container's processes have the rights of its pid 1 and may look into it, so nothing may be
 * left in there that is theirs not to see or that the keeper would read. Whoever may enter the container has to be
 * able to look, too: setns(2) asks for that.
 */
static void forget_plan(void)
{
	if (CALL2(__NR_munmap, told, told_bytes) == 0 && CALL2(__NR_munmap, slots, data_bytes) == 0 &&
		CALL2(__NR_munmap, plan, plan_bytes) == 0)
		CALL2(__NR_prctl, PR_SET_DUMPABLE, 1);
}

/* pid 1 of a container that asked for one: forwards signals, reaps, ends when its child ends. */
static int init(const u32 *op)
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
static int perform(u32 list)
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
static void perform_all(u32 list)
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

/* --- from start to end ------------------------------------------------------------------------------- */

/* Puts the container's input on 0, preserved descriptors on 3…, and the report out of the way. */
static void arrange_descriptors(void)
{
	report_fd = (int)CALL3(__NR_fcntl, 4, F_DUPFD_CLOEXEC, 5 + plan->preserve);
	CALL3(__NR_dup3, 3, 0, 0);
	u32 preserve = plan->preserve;
	for (u32 i = 0; i < preserve; i++)
		CALL3(__NR_dup3, 5 + i, 3 + i, 0);
	for (u32 i = 3 + preserve; i < 5 + preserve; i++)
		CALL1(__NR_close, i);
}

static void note_failure(void)
{
	u32 exhibit = told->exhibit_bytes;
	report.outcome = FAILED;
	report.ordinal = told->ordinal;
	report.error = told->error;
	report.detail = told->detail;
	report.path = told->path;
	report.exhibit_bytes = exhibit <= sizeof told->exhibit ? exhibit : 0;
}

static void write_report(void)
{
	report.ended = now();
	if (report_fd < 0)
		return;
	CALL3(__NR_write, report_fd, &report, sizeof report);
	if (times)
		CALL3(__NR_write, report_fd, times, 16ul * plan->operations);
	for (u32 i = 0; i < plan->exports; i++)
		CALL3(__NR_write, report_fd, data + exports[2 * i], exports[2 * i + 1]);
	if (told)
		CALL3(__NR_write, report_fd, told->exhibit, report.exhibit_bytes);
}

/* Nothing of the caller's stays open, and nothing keeps a folder of its busy. */
static void let_go(void)
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

int groups_outside[2];

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
static void leave_caller(void)
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
	if (launch_fd < 0)
		return;
	CALL3(__NR_write, launch_fd, &status, 1);
	CALL1(__NR_close, launch_fd);
	launch_fd = -1;
}

#define PAGE_UP(address) (((u64)(address) + 4095) & ~4095ul)

/* Where pages are larger this frees less, or nothing. */
static void forget_launch(void)
{
	u64 rest = PAGE_UP(data + plan->kept_data), end = (u64)slots + data_bytes;
	if (times)
		return;
	CALL2(__NR_munmap, told, told_bytes);
	told = 0;
	if (end > rest)
		CALL2(__NR_munmap, rest, end - rest);
	rest = PAGE_UP(list_start(plan->first));
	end = (u64)plan + plan_bytes;
	if (end > rest)
		CALL2(__NR_munmap, rest, end - rest);
}

static u64 held[16]; /* a bit for each descriptor below 1024 */

void hold(i64 fd)
{
	if (fd >= 0 && fd < 1024)
		held[fd / 64] |= 1ul << fd % 64;
}

/* What was opened for the container alone is in the way of whoever wants it gone, or adds up. */
static void close_rest(void)
{
	for (u32 i = 0; i < plan->kept_slots; i++)
		hold(slots[i]);
	hold(report_fd);
	for (u32 fd = 3, first = 3; fd <= 1024; fd++) {
		if (fd < 1024 && !(held[fd / 64] >> fd % 64 & 1))
			continue;
		if (first < fd)
			CALL3(__NR_close_range, first, fd - 1, 0);
		first = fd + 1;
	}
}

void tell_launched(void)
{
	report.launched = now();
	if (launch_fd >= 0) {
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

void perform_leaving(void) { perform_all(plan->leaving); }

_Noreturn void report_and_leave(void)
{
	int status = report.outcome == FAILED ? 125 : report.exit_code;
	tell_caller((u8)status);
	leave(status);
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

__attribute__((used)) _Noreturn void keeper_main(long *stack)
{
	char **argv = (char **)(stack + 1), **env = argv + stack[0] + 1;
	u64 all = ALL_SIGNALS;
	CALL4(__NR_rt_sigprocmask, 2, &all, 0, 8);
	seal_self(argv, env);
	CALL2(__NR_prctl, PR_SET_NAME, "husk-keeper");
	u64 started = now();
	open_plan();
	report.started = started;
	arrange_descriptors();
	launch_fd = -1;
	if (plan->flags & PLAN_DETACHES && !REHEARSE)
		leave_caller();
	report.outcome = ENDED;
	if (perform(plan->first) != 0 || failed()) {
		adopt();
		for (u32 i = 0; i < child_count; i++)
			CALL2(__NR_kill, children[i], SIGKILL);
		for (u32 i = 0; i < child_count; i++)
			wait_child(children[i], 0, &(i32){0});
		child_count = 0;
		note_failure();
	}
	restore_terminal();
	if (report.outcome == FAILED || !(plan->flags & PLAN_HANDS_OVER))
		perform_all(plan->cleanup);
	conclude();
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall keeper_main\n");
#else
__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tmov x0,sp\n\tbl keeper_main\n");
#endif
