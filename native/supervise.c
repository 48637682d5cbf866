/*
 * A container with a life of its own: the socket, the exit record, checks of its health, what comes after its end
 * (docs/state.md). Whoever connects is the owner or root, and is told and can ask for little; a client that is slow,
 * silent or talks nonsense costs one slot until it goes.
 */
#include "keeper.h"
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/uio.h>

static const struct supervision *supervision;
static int listener, exit_file;
static int stopped, was_launched;
static u32 restarts; /* which of RESTARTS_* applies */
static u64 launched_at; /* CLOCK_REALTIME */

/* --- the exit record --------------------------------------------------------------------------------- */

#define EXIT_MAGIC 0x54584548u /* "HEXT" */
enum { EXIT_FORMAT = 1 };
enum exit_state { EXIT_STARTING = 1, EXIT_RUNNING, EXIT_ENDED, EXIT_FAILED };

/* Then, in JSON, the names and sizes of the plan's exports, and the exports. */
struct exit_record {
	u32 magic, format, names_bytes, bytes;
	u64 started, ended; /* CLOCK_REALTIME */
	u64 lasted;
	i32 exit_code, exit_signal;
	u32 flags;
	i32 error;
	u32 reserved, state;
};

/* In place, and as long from the first time on: no space is needed for it at the end. */
static int write_exit(u32 state)
{
	struct exit_record head = {
		.magic = EXIT_MAGIC, .format = EXIT_FORMAT, .names_bytes = supervision->names_bytes, .started = launched_at,
		.exit_code = report.exit_code, .exit_signal = report.exit_signal, .flags = report.flags, .error = report.error,
		.state = state,
	};
	struct iovec parts[2 + SUPERVISED_EXPORTS] = {
		{&head, sizeof head},
		{data + supervision->names, supervision->names_bytes},
	};
	u32 count = 2;
	if (exit_file < 0)
		return 0;
	head.bytes = (u32)sizeof head + supervision->names_bytes;
	for (u32 i = 0; i < export_count(); i++, count++) {
		parts[count] = (struct iovec){data + exports[2 * i], exports[2 * i + 1]};
		head.bytes += exports[2 * i + 1];
	}
	if (state >= EXIT_ENDED) {
		head.ended = time_of_day();
		head.lasted = report.launched ? now() - report.launched : 0;
	}
	long n = CALL5(__NR_pwritev, exit_file, parts, count, 0, 0);
	if (n >= 0 && n < head.bytes)
		n = -E_NOSPC;
	if (n >= 0 && state == EXIT_STARTING)
		n = CALL2(__NR_ftruncate, exit_file, head.bytes);
	return n < 0 ? (int)n : 0;
}

/* The event "die": an append of its own, which other writers' do not tear. */
static void announce_end(void)
{
	u8 text[2 * EVENT_TEXT + 20], *end = text;
	if (!supervision->journal_bytes)
		return;
	int fd = (int)CALL4(__NR_openat, AT_FDCWD, data + supervision->journal,
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	memcpy(end, data + supervision->before, supervision->before_bytes);
	end += supervision->before_bytes;
	end += write_decimal((u64)report.exit_code, end);
	memcpy(end, data + supervision->after, supervision->after_bytes);
	end += supervision->after_bytes;
	append_frame(fd, STREAM_EVENT, text, (u32)(end - text));
	CALL1(__NR_close, fd);
}

/* --- the socket -------------------------------------------------------------------------------------- */

#define SOCKET_MAGIC 0x42525648u /* "HVRB" */
enum { SOCKET_PROTOCOL = 1 };
enum verb { STATUS = 1, SIGNAL, STOP, ATTACH, RESIZE, WAIT, POLICY };
enum { STATE_RUNNING = 1, STATE_RESTARTING };
enum { WANTS_INPUT = 1 };
enum piece { PIECE_INPUT = 1, PIECE_RESIZE, PIECE_END };
enum { SEND_FLAGS = 0x40 | 0x4000 }; /* MSG_DONTWAIT | MSG_NOSIGNAL */

struct request { u32 magic; __u16 protocol, verb; u32 a, b; };
struct answer { u32 magic; i32 result; u32 c, d; };
struct piece_head { u8 type, zero; __u16 zeros; u32 length; };

struct client {
	int fd;
	u8 kind, have, gives_input;
	u8 bytes[16];         /* of a request, the head of a piece, or a new size */
	struct piece_head piece;
	u32 rest;             /* of that piece */
};
enum { ASKING, WAITING, ATTACHED };
static struct client clients[CLIENTS];
static u32 client_count;

static int send_answer(int fd, i32 result, u32 c, u32 d)
{
	struct answer answer = {SOCKET_MAGIC, result, c, d};
	return CALL6(__NR_sendto, fd, &answer, sizeof answer, SEND_FLAGS, 0, 0) == sizeof answer;
}

static int refuse_client(int fd, i32 error)
{
	send_answer(fd, error, 0, 0);
	return 0;
}

/* Some slots are for short questions only: those can always be asked. */
static int may_stay(void)
{
	u32 staying = 0;
	for (u32 i = 0; i < client_count; i++)
		staying += clients[i].kind != ASKING;
	return staying < STAYING_CLIENTS;
}

/* Whether the client may go on. */
static int answer(struct client *client, const struct request *request)
{
	u32 a = request->a, b = request->b, c = 0, d = 0;
	i32 result = 0;
	if (request->magic != SOCKET_MAGIC)
		return 0;
	if (request->protocol != SOCKET_PROTOCOL)
		return send_answer(client->fd, -E_PROTONOSUPPORT, SOCKET_PROTOCOL, 0);
	switch (request->verb) {
	case STATUS:
		c = (u32)first_process();
		d = c ? STATE_RUNNING : STATE_RESTARTING;
		break;
	case SIGNAL: result = a && a <= 64 ? signal_first_process((int)a) : -E_INVAL; break;
	case STOP:
		if (a > 64) {
			result = -E_INVAL;
			break;
		}
		stopped = 1;
		report.flags |= REPORT_STOPPED;
		result = a ? signal_first_process((int)a) : 0;
		break;
	case ATTACH:
		if (!may_stay())
			return refuse_client(client->fd, -E_BUSY);
		client->kind = ATTACHED;
		client->gives_input = (a & WANTS_INPUT) && takes_input();
		c = client->gives_input;
		break;
	case RESIZE: result = resize_console(a, b); break;
	case WAIT:
		if (!may_stay())
			return refuse_client(client->fd, -E_BUSY);
		client->kind = WAITING;
		break;
	case POLICY:
		if (a & ~(u32)(RESTARTS_ALWAYS | RESTARTS_ON_FAILURE) || (a && !supervision->restart))
			result = -E_INVAL;
		else
			restarts = a;
		break;
	default: result = -E_NOSYS;
	}
	return send_answer(client->fd, result, c, d);
}

/* Reads until `want` bytes stand there: 1; less for now: 0; or none will ever: -1. */
static int fill(struct client *client, u32 want)
{
	long n = CALL3(__NR_read, client->fd, client->bytes + client->have, want - client->have);
	if (n == -E_AGAIN)
		return 0;
	if (n <= 0)
		return -1;
	client->have += (u8)n;
	if (client->have < want)
		return 0;
	client->have = 0;
	return 1;
}

static int take_piece(struct client *client)
{
	u8 bytes[1024];
	int filled;
	if (!client->rest) {
		if ((filled = fill(client, sizeof client->piece)) <= 0)
			return filled == 0;
		memcpy(&client->piece, client->bytes, sizeof client->piece);
		client->rest = client->piece.length;
		switch (client->piece.type) {
		case PIECE_INPUT: return client->gives_input;
		case PIECE_RESIZE: return client->rest == 4;
		case PIECE_END:
			if (client->gives_input)
				end_input();
			return client->rest == 0;
		}
		return 0;
	}
	if (client->piece.type == PIECE_RESIZE) {
		if ((filled = fill(client, 4)) <= 0)
			return filled == 0;
		client->rest = 0;
		resize_console(client->bytes[0] | (u32)client->bytes[1] << 8, client->bytes[2] | (u32)client->bytes[3] << 8);
		return 1;
	}
	if (input_waits()) /* another client was quicker */
		return 1;
	long n = CALL3(__NR_read, client->fd, bytes, client->rest < sizeof bytes ? client->rest : sizeof bytes);
	if (n <= 0)
		return n == -E_AGAIN;
	client->rest -= (u32)n;
	feed(bytes, (u32)n);
	return 1;
}

static int serve(struct client *client)
{
	if (client->kind == ATTACHED)
		return take_piece(client);
	int filled = fill(client, sizeof(struct request));
	if (filled <= 0)
		return filled == 0 && client->kind == ASKING;
	return client->kind == ASKING && answer(client, (const struct request *)client->bytes);
}

static void drop(u32 i)
{
	CALL1(__NR_close, clients[i].fd);
	clients[i] = clients[--client_count];
}

/* Where there is no room, who has not asked for anything yet gives way. */
static void make_room(void)
{
	for (u32 i = 0; client_count == CLIENTS && i < client_count; i++)
		if (clients[i].kind == ASKING)
			drop(i);
}

static void receive_client(void)
{
	struct { i32 pid; u32 uid, gid; } peer = {0, ~0u, ~0u};
	u32 bytes = sizeof peer;
	int fd = (int)CALL4(__NR_accept4, listener, 0, 0, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		if (fd != -E_AGAIN)
			pause_milliseconds(10); /* no descriptors are left: poll(2) would not wait */
		return;
	}
	CALL5(__NR_getsockopt, fd, 1 /* SOL_SOCKET */, 17 /* SO_PEERCRED */, &peer, &bytes);
	if (peer.uid != 0 && peer.uid != (u32)CALL0(__NR_geteuid)) {
		refuse_client(fd, -E_PERM);
		CALL1(__NR_close, fd);
		return;
	}
	make_room();
	clients[client_count++] = (struct client){.fd = fd};
}

u32 poll_clients(struct pollfd *polls)
{
	if (!supervision || listener < 0)
		return 0;
	polls[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (u32 i = 0; i < client_count; i++) {
		int paused = clients[i].kind == ATTACHED && input_waits();
		polls[1 + i] = (struct pollfd){.fd = paused ? -1 : clients[i].fd, .events = POLLIN};
	}
	return 1 + client_count;
}

/* From the last one on: who goes is replaced by the last one. */
void serve_clients(const struct pollfd *polls, u32 count)
{
	for (u32 i = count; i-- > 1;)
		if (polls[i].revents && !serve(&clients[i - 1]))
			drop(i - 1);
	if (count && polls[0].revents)
		receive_client();
}

void poke_clients(void)
{
	for (u32 i = 0; i < client_count; i++)
		if (clients[i].kind == ATTACHED)
			CALL6(__NR_sendto, clients[i].fd, "", 1, SEND_FLAGS, 0, 0);
}

void hold_clients(void)
{
	for (u32 i = 0; i < client_count; i++)
		hold(clients[i].fd);
}

static void close_clients(void)
{
	while (client_count)
		drop(client_count - 1);
}

/* --- health ------------------------------------------------------------------------------------------ */

static i32 tick_pid;
static u64 tick_at, starting_until;

static char **words_at(u32 offset) { return (char **)(data + offset); }

u64 next_tick(void) { return tick_at; }

static void wait_for_tick(void)
{
	int starts = now() < starting_until;
	tick_at = now() + 1000000ul * (starts ? supervision->health_start_interval : supervision->health_interval);
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

static void end_ticks(void)
{
	tick_at = 0;
	if (tick_pid <= 0)
		return;
	CALL2(__NR_kill, tick_pid, SIGKILL);
	CALL4(__NR_wait4, tick_pid, 0, 0, 0);
	tick_pid = 0;
}

/* --- from the start to the end ----------------------------------------------------------------------- */

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
	if (!supervision->health)
		return;
	starting_until = now() + 1000000ul * supervision->health_start_period;
	wait_for_tick();
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
