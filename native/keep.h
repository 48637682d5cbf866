/* Staying with a container: what its parts share. */
#ifndef KEEP_H
#define KEEP_H
#include "keeper.h"

/* terminal.c */
extern int console; /* master of the container's terminal; -1: none */
extern int terminal_changed;
void make_terminal_raw(void);
void copy_window_size(void);

/* stream.c */
void open_streams(const u32 *op, const struct supervision *s);
void learn_keys(const struct supervision *s); /* those that leave the container alone */
u32 poll_streams(struct pollfd *polls); /* how many: at most RELAYS + 1 */
void move_streams(const struct pollfd *polls);
int has_logged(void); /* since it was asked last */
u64 idle_at(void);    /* when buffers are not in use any more, if nothing happens; 0: never */
void give_back_buffers(void);
void hold_streams(void);
void leave_callers_streams(void);
void drain_streams(void);
void forget_streams(void);
#endif
