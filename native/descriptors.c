/*
 * Which descriptors are where, and which outlast the launch.
 */
#include "plan.h"
#include <linux/fcntl.h>

/* Puts the container's input on 0, preserved descriptors on 3…, and the report out of the way. */
void arrange_descriptors(void)
{
	report_fd = (int)CALL3(__NR_fcntl, 4, F_DUPFD_CLOEXEC, 5 + plan->preserve);
	CALL3(__NR_dup3, 3, 0, 0);
	u32 preserve = plan->preserve;
	for (u32 i = 0; i < preserve; i++)
		CALL3(__NR_dup3, 5 + i, 3 + i, 0);
	for (u32 i = 3 + preserve; i < 5 + preserve; i++)
		CALL1(__NR_close, i);
}

static u64 held[16]; /* a bit for each descriptor below 1024 */

void hold(i64 fd)
{
	if (fd >= 0 && fd < 1024)
		held[fd / 64] |= 1ul << fd % 64;
}

/* What was opened for the container alone is in the way of whoever wants it gone, or adds up. */
void close_rest(void)
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
