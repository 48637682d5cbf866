/*
 * A container with a life of its own: its start, its end, and what comes afterwards.
 */
#include "supervise.h"
#include <linux/signal.h>

const struct supervision *supervision;
int stopped;
u32 restarts;
u64 launched_at;
static int was_launched;

int supervise(const struct supervision *s)
{
	supervision = s;
	restarts = s->flags;
	listener = (int)slot(s->listener);
	exit_file = (int)slot(s->exit);
	groups_outside[0] = (int)slot(s->groups[0]);
	groups_outside[1] = (int)slot(s->groups[1]);
	open_log(s);
	launched_at = time_of_day();
	return write_exit(EXIT_STARTING);
}

void note_launch(void)
{
	was_launched = 1;
	launched_at = time_of_day();
	/* Before anybody learns of the start: who comes then finds it running. */
	write_exit(EXIT_RUNNING);
	tell_launched();
	start_ticks();
}

static int is_to_restart(void)
{
	if (!was_launched || stopped || report.flags & REPORT_CALLER_DIED)
		return 0;
	return restarts & RESTARTS_ALWAYS || (restarts & RESTARTS_ON_FAILURE && report.exit_code != 0);
}

/* Who called learns how it ended; a child waits to start it again. */
static int part_from_caller(void)
{
	long child = CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (child > 0)
		report_and_leave();
	if (child == 0)
		stand_alone();
	return child == 0;
}

#define LONG_ENOUGH 10000000000ul

_Noreturn void conclude(void)
{
	if (!supervision) {
		perform_leaving();
		report_and_leave();
	}
	u64 lasted = now() - report.launched;
	int again = is_to_restart();
	end_ticks();
	write_exit(report.outcome == FAILED ? EXIT_FAILED : EXIT_ENDED);
	if (was_launched)
		announce_end();
	if (again && !is_detached())
		again = part_from_caller();
	if (again) {
		close_clients();
		u64 until = now() + 1000000ul * (lasted >= LONG_ENOUGH ? 100 : supervision->restart_delay);
		while (!stopped && now() < until)
			turn(until);
		if (!stopped)
			become(words_at(supervision->restart), words_at(supervision->environment), (int)slot(supervision->lock));
	}
	perform_leaving();
	close_clients();
	if (supervision->finish && ((was_launched && is_detached()) || report.flags & REPORT_CALLER_DIED))
		become(words_at(supervision->finish), words_at(supervision->environment), (int)slot(supervision->lock));
	report_and_leave();
}
