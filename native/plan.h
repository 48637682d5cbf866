/* A plan as it lies in memory (src/plan/encode.ts writes it), and who performs what of it. */
#ifndef PLAN_H
#define PLAN_H
#include "keeper.h"

#define PLAN_MAGIC 0x4b535548u /* "HUSK" */
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
 * the container is launched. Each has its own copy of the rest from its birth on, so whoever gets hold of one of them
 * steers no other.
 */
struct told {
	u32 failed, ordinal;
	i32 error, detail, path;
	u32 exhibit_bytes;
	i32 adopted; /* a child that another child cloned for the keeper (CLONE_PARENT) */
	u32 reserved;
	u8 exhibit[4096];
};

/* plan.c */
extern const struct header *plan;
extern const u32 *lists, *words;
extern struct told *told;
extern u64 *times; /* start and end of each operation, when asked for; shared as well */
extern i64 *slots;
void open_plan(void);
void forget_plan(void);
void forget_launch(void);

static inline const u32 *list_start(u32 list) { return words + lists[2 * list]; }
static inline const u32 *list_end(u32 list) { return words + lists[2 * list + 1]; }

/* validate.c */
int inside(u32 offset, u32 bytes); /* of the data */
int list_valid(u32 list);
u32 operation_words(const u32 *op, u64 room); /* of the operation at `op`; 0: it is none. `room`: how many are left */

/* perform.c */
int perform(u32 list);
void perform_all(u32 list);

/* child.c */
extern u32 adopted_slot; /* of the clone whose child the keeper adopts, plus 1 */
int clone_list(const u32 *op);
int wait_for(const u32 *op);
void kill_children(void);

/* execute.c, init.c */
int execute(const u32 *op);
int init(const u32 *op);

/* report.c */
extern int report_fd; /* -1: nobody reads it any more */
void note_failure(void);
void write_report(void);

/* caller.c */
void let_go(void);
void leave_caller(void);

/* descriptors.c */
void arrange_descriptors(void);
void close_rest(void);
#endif
