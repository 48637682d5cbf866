/*
 * The socket (docs/state.md). Whoever connects is the owner or root, and is told and can ask for little; a client that
 * is slow, silent or talks nonsense costs one slot until it goes.
 */
#include "supervise.h"
#include <linux/fcntl.h>
#include <linux/poll.h>

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

int listener;

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

void close_clients(void)
{
	while (client_count)
		drop(client_count - 1);
}
