/* A container with a life of its own: what its parts share. */
#ifndef SUPERVISE_H
#define SUPERVISE_H
#include "keeper.h"

/* supervise.c */
extern const struct supervision *supervision;
extern int stopped;     /* somebody asked for its end: nothing starts it again */
extern u32 restarts;    /* which of RESTARTS_* applies */
extern u64 launched_at; /* CLOCK_REALTIME */

static inline char **words_at(u32 offset) { return (char **)(data + offset); }

/* exit-record.c */
extern int exit_file; /* -1: none */
enum exit_state { EXIT_STARTING = 1, EXIT_RUNNING, EXIT_ENDED, EXIT_FAILED };
int write_exit(u32 state); /* 0, or -errno */
void announce_end(void);

/* socket.c */
extern int listener; /* -1: none */
void close_clients(void);

/* health.c */
void start_ticks(void);
void end_ticks(void);
#endif
