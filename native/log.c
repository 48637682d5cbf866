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

static u32 add_frame(struct frame *head, struct iovec *parts, u8 stream, const void *bytes, u32 length)
{
	*head = (struct frame){time_of_day(), length, stream, 0, 0};
	parts[0] = (struct iovec){head, sizeof *head};
	parts[1] = (struct iovec){(void *)bytes, length};
	return (u32)sizeof *head + length;
}

/* All of it by one writev(2): 0, or -errno. What was written of it when there is too little space is left to the caller. */
static int write_frames(int fd, const struct iovec *parts, u32 count, u64 total)
{
	long n = CALL3(__NR_writev, fd, parts, count);
	return n == (long)total ? 0 : n < 0 ? (int)n : -E_NOSPC;
}

/* To a file that others append to as well. Half a frame, on a full disk, would hide what they append behind it. */
void append_frame(int fd, u8 stream, const void *bytes, u32 length)
{
	struct frame head;
	struct iovec parts[2];
	u32 total = add_frame(&head, parts, stream, bytes, length);
	long n = CALL3(__NR_writev, fd, parts, 2);
	if (n <= 0 || n == (long)total)
		return;
	long end = CALL3(__NR_lseek, fd, 0, 1 /* SEEK_CUR */);
	if (end == CALL3(__NR_lseek, fd, 0, 2 /* SEEK_END */))
		CALL2(__NR_ftruncate, fd, end - n);
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

/* "123 bytes lost: no space left on the device", or the error's number. */
static u32 describe_loss(u8 *text)
{
	u32 n = write_decimal(lost, text);
	if (lost_because == E_NOSPC || lost_because == E_DQUOT) {
		memcpy(text + n, " bytes lost: no space left on the device", 40);
		return n + 40;
	}
	memcpy(text + n, " bytes lost: error ", 19);
	return n + 19 + write_decimal((u64)lost_because, text + n + 19);
}

/* What was lost before is noted together with what can be written again. */
static int append(u8 stream, const void *bytes, u32 length)
{
	u8 loss[80];
	struct frame heads[2];
	struct iovec parts[4];
	u32 count = 0;
	u64 total = 0;
	if (lost) {
		total += add_frame(heads, parts, STREAM_NOTE, loss, describe_loss(loss));
		count += 2;
	}
	if (length) {
		total += add_frame(heads + 1, parts + count, stream, bytes, length);
		count += 2;
	}
	if (file >= 0 && limit && size && size + total > limit)
		rotate();
	if (file < 0) {
		file = (int)CALL4(__NR_openat, directory, "log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (file < 0)
			return file;
		find_size();
	}
	int error = write_frames(file, parts, count, total);
	if (error == 0) {
		size += total;
		lost = 0;
	} else if (CALL2(__NR_ftruncate, file, size) < 0) {
		rotate(); /* half a frame can only stand at the end of a file */
	}
	return error;
}

/* Length 0: no more comes, only a loss is still to be noted. */
void log_output(u8 stream, const u8 *bytes, u32 length)
{
	u32 most = limit ? (limit < 1u << 20 ? (u32)limit : 1u << 20) - (u32)sizeof(struct frame) : length;
	if (!files || (!length && !lost))
		return;
	do {
		u32 part = length < most ? length : most;
		int error = append(stream, bytes, part);
		if (error) {
			lost += length;
			lost_because = -error;
			return;
		}
		bytes += part;
		length -= part;
	} while (length);
}
