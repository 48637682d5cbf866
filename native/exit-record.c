/*
 * The exit record, and the event that tells of an end (docs/state.md).
 */
#include "supervise.h"
#include <linux/fcntl.h>
#include <linux/uio.h>

#define EXIT_MAGIC 0x54584548u /* "HEXT" */
enum { EXIT_FORMAT = 1 };

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

int exit_file;

/* In place, and as long from the first time on: no space is needed for it at the end. */
int write_exit(u32 state)
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
void announce_end(void)
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
