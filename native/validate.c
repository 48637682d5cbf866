/*
 * Validates a plan: every word of every operation, before anything is performed.
 */
#include "plan.h"
#include <linux/sched.h>

u32 operation_words(const u32 *op, u64 room)
{
	if (room < 3)
		return 0;
	u32 kind = op[0] & 0xff, count = op[0] >> 8 & 0xf, accepted = op[0] >> 12 & 0xf, flags = op[0] >> 16;
	u32 n;
	switch (kind) {
	case OP_CALL:
		if (count > 6 || room < 4)
			return 0;
		n = 4 + accepted + ((flags & CALL_EXPECTS) != 0) + ((flags & CALL_RETRIES) != 0);
		for (u32 i = 0; i < count; i++)
			n += (op[3] >> (4 * i) & 0xf) == TAG_WIDE ? 2 : 1;
		break;
	case OP_KILL_ALL: case OP_INIT: n = 3; break;
	case OP_LOAD: case OP_WHEN: case OP_CLONE: case OP_WAIT: n = 4; break;
	case OP_STORE: n = 5; break;
	case OP_EXEC: n = 5; break;
	case OP_CHECK: n = 7; break;
	case OP_KEEP:
		if (count > RELAYS)
			return 0;
		n = 8 + RELAY_WORDS * count;
		break;
	default: return 0;
	}
	return n <= room ? n : 0;
}

int inside(u32 offset, u32 bytes) { return offset <= plan->data && bytes <= plan->data - offset; }

static u32 width_bytes(u32 width)
{
	return width == WIDTH_U64 ? 8 : width == WIDTH_DECIMAL ? 12 : width <= WIDTH_U32 && width ? 4 : PLAN_LIMIT;
}

/* An array of addresses, relocated already, that ends in 0: argv(7)-like. */
static int pointer_array(u32 offset)
{
	if (offset % 8)
		return 0;
	for (; inside(offset, 8); offset += 8) {
		u64 address = *(u64 *)(data + offset);
		if (!address)
			return 1;
		if (address < (u64)data || address >= (u64)data + plan->data)
			return 0;
	}
	return 0;
}

/* All of it has to lie in the part of the data that is kept. */
static int supervision_valid(u32 offset)
{
	if (offset % 8 || offset > plan->kept_data || plan->kept_data - offset < sizeof(struct supervision))
		return 0;
	const struct supervision *s = (const struct supervision *)(data + offset);
	const u32 results[] = {s->launched, s->listener, s->input, s->log_directory, s->log_file, s->exit, s->lock,
		s->groups[0], s->groups[1]};
	const u32 texts[] = {s->journal, s->journal_bytes, s->before, s->before_bytes, s->after, s->after_bytes,
		s->keys, s->key_count, s->names, s->names_bytes};
	const u32 programs[] = {s->restart, s->finish, s->health};
	for (u32 i = 0; i < sizeof results / sizeof *results; i++)
		if (results[i] > plan->slots)
			return 0;
	for (u32 i = 0; i < sizeof texts / sizeof *texts; i += 2)
		if (texts[i] > plan->kept_data || texts[i + 1] > plan->kept_data - texts[i])
			return 0;
	for (u32 i = 0; i < sizeof programs / sizeof *programs; i++)
		if (programs[i] && (!pointer_array(programs[i]) || !*(u64 *)(data + programs[i])))
			return 0;
	for (u32 i = 0; i < plan->exports; i++)
		if ((u64)exports[2 * i] + exports[2 * i + 1] > plan->kept_data)
			return 0;
	return s->launched && s->environment && pointer_array(s->environment) && s->key_count <= DETACH_KEYS &&
		s->before_bytes <= EVENT_TEXT && s->after_bytes <= EVENT_TEXT && plan->exports <= SUPERVISED_EXPORTS &&
		(!s->journal_bytes || !data[s->journal + s->journal_bytes - 1]) &&
		(!s->log_file || (s->log_directory && s->log_files && s->log_files <= 1000)) &&
		(!(s->flags & (RESTARTS_ALWAYS | RESTARTS_ON_FAILURE)) || s->restart);
}

static int operation_valid(const u32 *op, u32 list, const u32 *body_end)
{
	u32 kind = op[0] & 0xff, slot = op[1] >> 16;
	if ((op[1] & 0xffff) >= plan->operations || slot > plan->slots)
		return 0;
	switch (kind) {
	case OP_CALL: {
		u32 count = op[0] >> 8 & 0xf, flags = op[0] >> 16;
		const u32 *arg = op + 4 + (op[0] >> 12 & 0xf) + ((flags & CALL_EXPECTS) != 0) + ((flags & CALL_RETRIES) != 0);
		for (u32 i = 0; i < count; i++) {
			u32 tag = op[3] >> (4 * i) & 0xf;
			if ((tag == TAG_DATA && *arg >= plan->data) || (tag == TAG_SLOT && *arg >= plan->slots) || tag > TAG_SLOT)
				return 0;
			arg += tag == TAG_WIDE ? 2 : 1;
		}
		return 1;
	}
	case OP_STORE: return op[2] < plan->slots && inside(op[3], width_bytes(op[4]));
	case OP_LOAD: return slot && inside(op[2], width_bytes(op[3]));
	case OP_CHECK: return op[3] != WIDTH_DECIMAL && inside(op[2], width_bytes(op[3]));
	case OP_WHEN:
		return op[2] < plan->slots && (op[0] >> 16 == WHEN_FAILED || op[0] >> 16 == WHEN_SUCCEEDED) &&
			op[3] <= (u64)(body_end - (op + 4));
	case OP_CLONE:
		if (op[2] % 8 || !inside(op[2], sizeof(struct clone_args)) || op[3] <= list || op[3] >= plan->lists)
			return 0;
		if (((struct clone_args *)(data + op[2]))->flags & CLONE_PARENT)
			adopted_slot = slot;
		return 1;
	case OP_INIT: return op[2] > list && op[2] < plan->lists;
	case OP_WAIT: case OP_KILL_ALL: return op[2] < plan->slots;
	case OP_EXEC: return pointer_array(op[2]) && pointer_array(op[3]) && pointer_array(op[4]) && *(u64 *)(data + op[4]);
	case OP_KEEP:
		for (u32 i = 0; i < RELAY_WORDS * (op[0] >> 8 & 0xf); i += RELAY_WORDS)
			if (op[8 + i] > plan->slots || op[9 + i] > plan->slots)
				return 0;
		return op[2] < plan->slots && op[3] <= plan->slots && op[6] <= plan->slots &&
			(!op[7] || (list == plan->first && supervision_valid(op[7])));
	}
	return 0;
}

int list_valid(u32 list)
{
	const u32 *ends[16], *op = list_start(list);
	u32 depth = 0;
	ends[0] = list_end(list);
	while (op < ends[0]) {
		u32 n = operation_words(op, (u64)(ends[depth] - op));
		if (!n || !operation_valid(op, list, ends[depth]))
			return 0;
		int opens = (op[0] & 0xff) == OP_WHEN;
		const u32 *body = op + n + (opens ? op[3] : 0);
		op += n;
		if (opens) {
			if (++depth == 16)
				return 0;
			ends[depth] = body;
		}
		while (depth && op == ends[depth])
			depth--;
	}
	return depth == 0;
}
