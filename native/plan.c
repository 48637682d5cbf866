/*
 * The plan in memory: read, taken apart, and given back when it is not needed any more.
 */
#include "plan.h"
#include <linux/mman.h>
#include <linux/prctl.h>

const struct header *plan;
const u32 *exports, *lists, *words;
struct told *told;
u64 *times;
i64 *slots;
u8 *data;
static const u32 *relocations;
static u64 told_bytes, data_bytes, plan_bytes;

i64 slot(u32 number) { return number ? slots[number - 1] : -1; }
u32 export_count(void) { return plan->exports; }

/* Reads the plan into private memory: nobody can change it once it has been validated. */
static const u8 *read_plan(u32 *bytes)
{
	u64 room = 1 << 17, used = 0;
	u8 *buffer = new_memory(room, MAP_PRIVATE);
	for (;;) {
		if (used == room) {
			long moved = CALL5(__NR_mremap, buffer, room, room * 2, 1 /* MREMAP_MAYMOVE */, 0);
			if (room >= PLAN_LIMIT || (moved < 0 && moved > -4096))
				refuse("the launch plan is larger than 64 MiB");
			buffer = (u8 *)moved;
			room *= 2;
		}
		long n = CALL3(__NR_read, 0, buffer + used, room - used);
		if (n == -E_INTR)
			continue;
		if (n < 0)
			refuse("cannot read the launch plan from descriptor 0");
		if (n == 0)
			break;
		used += (u64)n;
	}
	*bytes = (u32)used;
	plan_bytes = room;
	return buffer;
}

static u64 aligned(u64 n) { return (n + 7) & ~7ul; }

/* Takes the plan apart and validates every word of it; nothing is performed before. */
void open_plan(void)
{
	u32 bytes;
	const u8 *start = read_plan(&bytes);
	plan = (const struct header *)start;
	if (bytes < sizeof *plan || plan->magic != PLAN_MAGIC || plan->bytes != bytes)
		refuse("malformed launch plan: this program is started by husk, not by hand");
	if (plan->protocol != PROTOCOL)
		refuse("this keeper and husk speak different versions of the plan's protocol");
	if (plan->machine != MACHINE)
		refuse("the launch plan is for another processor architecture");
	u64 end = sizeof *plan + 8ul * plan->lists + 4ul * plan->relocations + 8ul * plan->exports + 4ul * plan->words;
	if (!plan->lists || plan->lists > 4096 || plan->slots > 65535 || plan->operations > 65535 || plan->preserve > 1000 ||
		(plan->flags & ~(u32)(PLAN_TIMED | PLAN_HANDS_OVER | PLAN_DETACHES)) || plan->complaints > plan->slots ||
		plan->first >= plan->lists || (plan->cleanup != NO_LIST && plan->cleanup >= plan->first) ||
		(plan->leaving != NO_LIST && plan->leaving >= plan->first) || plan->kept_data > plan->data ||
		plan->kept_slots > plan->slots || plan->reserved || aligned(end) + plan->data != bytes)
		refuse("malformed launch plan: its parts do not fit");
	lists = (const u32 *)(start + sizeof *plan);
	relocations = lists + 2 * plan->lists;
	exports = relocations + plan->relocations;
	words = exports + 2 * plan->exports;

	u64 times_bytes = plan->flags & PLAN_TIMED ? 16ul * plan->operations : 0;
	told_bytes = aligned(sizeof *told) + times_bytes;
	data_bytes = 8ul * plan->slots + plan->data + 4096;
	told = (struct told *)new_memory(told_bytes, MAP_SHARED);
	times = times_bytes ? (u64 *)((u8 *)told + aligned(sizeof *told)) : 0;
	slots = (i64 *)new_memory(data_bytes, MAP_PRIVATE);
	data = (u8 *)(slots + plan->slots);
	memcpy(data, start + aligned(end), plan->data);

	for (u32 i = 0; i < plan->relocations; i++) {
		u32 at = relocations[i];
		if (at % 8 || !inside(at, 8) || *(u64 *)(data + at) >= plan->data)
			refuse("malformed launch plan: an address points outside");
	}
	for (u32 i = 0; i < plan->relocations; i++)
		*(u64 *)(data + relocations[i]) += (u64)data;
	for (u32 i = 0; i < plan->exports; i++)
		if (!inside(exports[2 * i], exports[2 * i + 1]))
			refuse("malformed launch plan: an export points outside");
	u32 next = 0;
	for (u32 i = 0; i < plan->lists; i++) {
		if (lists[2 * i] != next || lists[2 * i + 1] < next || lists[2 * i + 1] > plan->words)
			refuse("malformed launch plan: lists overlap");
		next = lists[2 * i + 1];
	}
	if (next != plan->words)
		refuse("malformed launch plan: operations in no list");
	for (u32 i = 0; i < plan->lists; i++)
		if (!list_valid(i))
			refuse("malformed launch plan: an operation is not valid");
}

/*
 * Lets go of the plan. The container's processes have the rights of its pid 1 and may look into it, so nothing may be
 * left in there that is theirs not to see or that the keeper would read. Whoever may enter the container has to be
 * able to look, too: setns(2) asks for that.
 */
void forget_plan(void)
{
	if (CALL2(__NR_munmap, told, told_bytes) == 0 && CALL2(__NR_munmap, slots, data_bytes) == 0 &&
		CALL2(__NR_munmap, plan, plan_bytes) == 0)
		CALL2(__NR_prctl, PR_SET_DUMPABLE, 1);
}

#define PAGE_UP(address) (((u64)(address) + 4095) & ~4095ul)

/* Where pages are larger this frees less, or nothing. */
void forget_launch(void)
{
	u64 rest = PAGE_UP(data + plan->kept_data), end = (u64)slots + data_bytes;
	if (times)
		return;
	CALL2(__NR_munmap, told, told_bytes);
	told = 0;
	if (end > rest)
		CALL2(__NR_munmap, rest, end - rest);
	rest = PAGE_UP(list_start(plan->first));
	end = (u64)plan + plan_bytes;
	if (end > rest)
		CALL2(__NR_munmap, rest, end - rest);
}
