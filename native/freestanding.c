/*
 * What a C library would offer, as far as it is needed.
 */
#include "keeper.h"
#include <linux/mman.h>
#include <linux/time_types.h>

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

u8 *new_memory(u64 bytes, int kind)
{
	long memory = CALL6(__NR_mmap, 0, bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
	if (memory < 0 && memory > -4096)
		refuse("no memory for the launch plan");
	return (u8 *)memory;
}
