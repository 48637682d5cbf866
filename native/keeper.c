/*
 * The keeper: performs a launch plan and stays with what it started.
 *
 * It knows nothing of containers. husk (TypeScript) decides everything and hands over a plan: a list of
 * system calls with a few control instructions (docs/architecture.md describes the format; src/plan/encode.ts
 * writes it). The keeper reads the plan into private memory, validates it whole, performs it, waits, forwards
 * signals, cleans up and reports. It is freestanding: kernel headers only, no libc, no heap.
 *
 *   keeper.c        from start to end
 *   freestanding.c  what a C library would offer
 *   seal.c          nobody changes what runs
 *   plan.c          the plan in memory (plan.h: what it consists of); validate.c checks every word of it
 *   perform.c       performs its operations, with child.c, execute.c and init.c: a container's own pid 1
 *   descriptors.c   which are where, and which outlast the launch
 *   report.c        what husk is told; caller.c: parting from husk, with the report or before it
 *   keep.c          stays with the container: signals, time; stream.c: its output and input; terminal.c
 *   supervise.c     a container with a life of its own: log.c, exit-record.c, socket.c, health.c
 *
 * Descriptors at start: 0 the plan, 1 and 2 the container's output, 3 the container's input,
 * 4 the report (written once, at the end), 5… descriptors to preserve as 3… in the container.
 */
#include "plan.h"
#include <linux/prctl.h>

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
	if (plan->flags & PLAN_DETACHES && !REHEARSE)
		leave_caller();
	report.outcome = ENDED;
	if (perform(plan->first) != 0 || failed()) {
		kill_children();
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
