/*
 * The caller's terminal, which becomes raw, and the container's, which takes over its size.
 */
#include "keep.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>

static struct termios saved_terminal;
int terminal_changed, console;

void restore_terminal(void)
{
	if (terminal_changed)
		CALL3(__NR_ioctl, 0, TCSETS, &saved_terminal);
	terminal_changed = 0;
}

/* As cfmakeraw(3): the container's terminal, not ours, interprets what is typed. */
void make_terminal_raw(void)
{
	if (CALL3(__NR_ioctl, 0, TCGETS, &saved_terminal) < 0)
		return;
	struct termios raw = saved_terminal;
	raw.c_iflag &= ~(u32)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag &= ~(u32)OPOST;
	raw.c_lflag &= ~(u32)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag = (raw.c_cflag & ~(u32)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	terminal_changed = CALL3(__NR_ioctl, 0, TCSETS, &raw) == 0;
}

void copy_window_size(void)
{
	u32 size[2];
	if (CALL3(__NR_ioctl, 0, TIOCGWINSZ, size) == 0 || CALL3(__NR_ioctl, 1, TIOCGWINSZ, size) == 0)
		CALL3(__NR_ioctl, console, TIOCSWINSZ, size);
}

int resize_console(u32 rows, u32 columns)
{
	__u16 size[4] = {(__u16)rows, (__u16)columns, 0, 0};
	return console < 0 ? -E_NOTTY : (int)CALL3(__NR_ioctl, console, TIOCSWINSZ, size);
}
