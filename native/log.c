/*
 * The framed log (docs/state.md): each piece of output as it was read, with its time and stream. A log that cannot
 * be written, because the disk is full, loses output and says so later: the container does not wait for it.
 */
#include "keeper.h"
#include <linux/fcntl.h>
#include <linux/uio.h>

struct frame {
	u64 time;
	u32 length;
	u8 stream, flags;
	__u16 reserved;
};
enum { SMALLEST_LIMIT = 512 };

static int directory, file; /* file: -1 when it has to be made anew */
static u32 files; /* 0: there is no log */
static u64 limit, size, lost;
static long lost_because;

/* One frame by one writev(2): 0, or -errno. What was written of a frame that does not fit is left to the caller. */
int append_frame(int fd, u8 stream, const void *bytes, u32 length)
{
	struct frame head = {time_of_day(), length, stream, 0, 0};
	struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, length}};
	long n = CALL3(__NR_writev, fd, parts, 2);
	return n == (long)(sizeof head + length) ? 0 : n < 0 ? (int)n : -E_NOSPC;
}

static void find_size(void)
{
	long end = CALL3(__NR_lseek, file, 0, 2 /* SEEK_END */);
	size = end < 0 ? 0 : (u64)end;
}

void open_log(const struct supervision *s)
{
	if (!s->log_file)
		return;
	directory = (int)slot(s->log_directory);
	file = (int)slot(s->log_file);
	files = s->log_files;
	limit = s->log_bytes_low | (u64)s->log_bytes_high << 32;
	if (limit && limit < SMALLEST_LIMIT)
		limit = SMALLEST_LIMIT;
	find_size();
}

static void name_of(u32 number, char *to)
{
	memcpy(to, "log\0.", 5);
	if (number) {
		to[3] = '.';
		to[4 + write_decimal(number, (u8 *)to + 4)] = 0;
	}
}

/* The log becomes log.1, that one log.2, and so on; the oldest goes. Who reads one goes on reading it. */
static void rotate(void)
{
	char from[16], to[16];
	CALL1(__NR_close, file);
	file = -1;
	for (u32 i = files - 1; i > 0; i--) {
		name_of(i - 1, from);
		name_of(i, to);
		CALL5(__NR_renameat2, directory, from, directory, to, 0);
	}
	if (files == 1)
		CALL3(__NR_unlinkat, directory, "log", 0);
}

static int append(u8 stream, const void *bytes, u32 length)
{
	u64 total = sizeof(struct frame) + length;
	if (file >= 0 && limit && size && size + total > limit)
		rotate();
	if (file < 0) {
		file = (int)CALL4(__NR_openat, directory, "log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (file < 0)
			return file;
		find_size();
	}
	int error = append_frame(file, stream, bytes, length);
	if (error == 0)
		size += total;
	else if (CALL2(__NR_ftruncate, file, size) < 0)
		rotate(); /* half a frame can only stand at the end of a file */
	return error;
}

/* "123 bytes lost: no space left on the device", or the error's number. */
static int note_loss(void)
{
	u8 text[80], *end = text;
	end += write_decimal(lost, end);
	if (lost_because == E_NOSPC || lost_because == E_DQUOT) {
		memcpy(end, " bytes lost: no space left on the device", 40);
		end += 40;
	} else {
		memcpy(end, " bytes lost: error ", 19);
		end += 19;
		end += write_decimal((u64)lost_because, end);
	}
	return append(STREAM_NOTE, text, (u32)(end - text));
}

/* Length 0: there is no more, only a loss to be noted. */
void log_output(u8 stream, const u8 *bytes, u32 length)
{
	u32 most = limit ? (limit < 1u << 20 ? (u32)limit : 1u << 20) - (u32)sizeof(struct frame) : length;
	int error = 0;
	if (!files)
		return;
	if (lost && (error = note_loss()) == 0)
		lost = 0;
	while (length && !error) {
		u32 part = length < most ? length : most;
		error = append(stream, bytes, part);
		if (!error) {
			bytes += part;
			length -= part;
		}
	}
	lost += length;
	if (error)
		lost_because = -error;
}
