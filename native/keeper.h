/* What the parts of the keeper share: system calls, and what one part asks of another. */
#ifndef KEEPER_H
#define KEEPER_H
#include <asm/unistd.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 i32;
typedef __s64 i64;

enum {
	E_PERM = 1, E_NOENT = 2, E_SRCH = 3, E_INTR = 4, E_IO = 5, E_CHILD = 10, E_AGAIN = 11, E_ACCES = 13, E_BUSY = 16,
	E_NOTDIR = 20, E_INVAL = 22, E_NOTTY = 25, E_NOSPC = 28, E_PIPE = 32, E_NOSYS = 38, E_PROTONOSUPPORT = 93, E_TIMEDOUT = 110, E_DQUOT = 122,
};
#define SIGNAL_KILL SIGSTKFLT /* sent to the keeper: SIGKILL for the container */
#define ALL_SIGNALS ((u64)-1)

/* --- system calls ------------------------------------------------------------------------------------ */

static inline long call(long nr, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
		: "=a"(result)
		: "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#else
#error "the keeper is written for x86-64 and arm64"
#endif
}
#define CALL0(nr) call(nr, 0, 0, 0, 0, 0, 0)
#define CALL1(nr, a) call(nr, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(nr, a, b) call(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(nr, a, b, c) call(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(nr, a, b, c, d) call(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(nr, a, b, c, d, e) call(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL6(nr, a, b, c, d, e, f) call(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* freestanding.c */
void *memcpy(void *to, const void *from, unsigned long n);
void *memset(void *to, int value, unsigned long n);
u64 now(void);          /* nanoseconds of CLOCK_MONOTONIC */
u64 time_of_day(void);  /* nanoseconds of CLOCK_REALTIME */
void pause_milliseconds(u32 milliseconds); /* below 1000 */
u32 write_decimal(u64 value, u8 *to); /* the number of digits; at most 20 */
u8 *new_memory(u64 bytes, int kind);
_Noreturn void leave(int status);
_Noreturn void refuse(const char *why); /* only before there is a report */

/* seal.c */
void seal_self(char **argv, char **env);

/* Built with -DKEEPER_REHEARSE nothing of a plan is performed: for feeding the decoder hostile bytes. */
#ifdef KEEPER_REHEARSE
#define REHEARSE 1
#else
#define REHEARSE 0
#endif

/* --- what parts share -------------------------------------------------------------------------------- */

enum { NO_LIST = 0xffffffffu };
enum { RELAYS = 4, RELAY_WORDS = 3 };
enum { RELAY_DRAINS = 1, RELAY_STREAM_SHIFT = 8 };
enum { KEEP_FORWARDS = 1 };

enum outcome { ENDED = 1, FAILED, LAUNCHED };
enum { REPORT_TIMED_OUT = 1, REPORT_CALLER_DIED = 2, REPORT_STOPPED = 4, REPORT_OUTPUT_LOST = 8 /* error: why */ };

/* Written to descriptor 4: at the end, or once the container of a plan that detaches is launched. */
struct report {
	u32 magic, protocol, outcome, ordinal;
	i32 error, detail, path, exit_code;
	i32 exit_signal;
	u32 flags, operations, exhibit_bytes;
	u64 started, launched, ended, reserved;
};
extern struct report report;

/*
 * What a container with a life of its own needs: part of a plan's data, in the piece that is kept. Results are
 * numbers of slots plus 1, texts and arrays of addresses are offsets into the data; 0: none.
 */
struct supervision {
	u32 flags, launched, listener, input, log_directory, log_file, exit, lock, groups[2];
	u32 log_files, log_bytes_low, log_bytes_high;
	u32 journal, journal_bytes, before, before_bytes, after, after_bytes;
	u32 environment, restart, finish, health;
	u32 restart_delay, health_interval, health_start_period, health_start_interval; /* milliseconds */
	u32 keys, key_count, names, names_bytes;
};
enum { INPUT_ONCE = 1, RESTARTS_ALWAYS = 2, RESTARTS_ON_FAILURE = 4 };
enum { DETACH_KEYS = 16, SUPERVISED_EXPORTS = 12, EVENT_TEXT = 2000 };

/* plan.c */
extern u8 *data;           /* the data of the plan */
extern const u32 *exports; /* offset and bytes of each, in the data */
u32 export_count(void);
i64 slot(u32 number_plus_1); /* a result, or -1: none */

/* perform.c */
int failed(void); /* whether a step has failed, in any process */
int fail(const u32 *op, i32 error, i32 detail);
void set_result(const u32 *op, i64 value);
void perform_leaving(void);

/* child.c */
void forget_child(i32 pid);
int exit_status(i32 status);

/* execute.c */
_Noreturn void become(char **argv, char **env, int lock); /* lock: stays open, as 3; -1: none */

/* caller.c */
extern int groups_outside[2]; /* cgroup.procs or tasks of groups that are not the caller's */
int is_detached(void);    /* nobody waits for this process */
void stand_alone(void);   /* from now on nobody does: a session of its own, nothing of the caller's open */
void tell_launched(void); /* and forgets what is not needed any more */
_Noreturn void report_and_leave(void);

/* descriptors.c */
void hold(i64 fd); /* stays open after the launch */

/* keep.c */
struct pollfd;
int keep(const u32 *op);
void turn(u64 until);  /* waits until something happens, and sees to it; 0: no limit */
void hold_descriptors(void);
void leave_alone(void); /* the caller has nothing to do with the container any more */
i32 first_process(void);
int signal_first_process(int signal);

/* terminal.c */
void restore_terminal(void);
int resize_console(u32 rows, u32 columns);

/* stream.c */
int takes_input(void);
int input_waits(void); /* it cannot be fed now */
void feed(const u8 *bytes, u32 length); /* at most 4096 */
void end_input(void);

/* log.c */
enum { STREAM_NOTE = 0, STREAM_EVENT = 9 };
void open_log(const struct supervision *s);
void log_output(u8 stream, const u8 *bytes, u32 length);
void append_frame(int fd, u8 stream, const void *bytes, u32 length);

/* supervise.c */
int supervise(const struct supervision *s); /* 0, or -errno */
void note_launch(void);
_Noreturn void conclude(void);

/* socket.c */
enum { CLIENTS = 64, STAYING_CLIENTS = 56 };
u32 poll_clients(struct pollfd *polls); /* how many: at most CLIENTS + 1 */
void serve_clients(const struct pollfd *polls, u32 count);
void hold_clients(void);
void poke_clients(void);

/* health.c */
u64 next_tick(void); /* 0: never */
void tick(void);
void reap_tick(void);
#endif
