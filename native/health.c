/*
 * Checks of health: husk is started for each, one at a time.
 */
#include "supervise.h"
#include <linux/prctl.h>
#include <linux/signal.h>

static i32 tick_pid;
static u64 tick_at, starting_until;

u64 next_tick(void) { return tick_at; }

static void wait_for_tick(void)
{
	int starts = now() < starting_until;
	tick_at = now() + 1000000ul * (starts ? supervision->health_start_interval : supervision->health_interval);
}

void start_ticks(void)
{
	if (!supervision->health)
		return;
	starting_until = now() + 1000000ul * supervision->health_start_period;
	wait_for_tick();
}

void tick(void)
{
	tick_at = 0;
	tick_pid = (i32)CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (tick_pid == 0) {
		CALL2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
		become(words_at(supervision->health), words_at(supervision->environment), -1);
	}
	if (tick_pid < 0)
		wait_for_tick();
}

void reap_tick(void)
{
	i32 status;
	if (tick_pid <= 0 || CALL4(__NR_wait4, tick_pid, &status, 1 /* WNOHANG */, 0) != tick_pid)
		return;
	tick_pid = 0;
	if (status == 0)
		starting_until = 0;
	wait_for_tick();
}

void end_ticks(void)
{
	tick_at = 0;
	if (tick_pid <= 0)
		return;
	CALL2(__NR_kill, tick_pid, SIGKILL);
	CALL4(__NR_wait4, tick_pid, 0, 0, 0);
	tick_pid = 0;
}
