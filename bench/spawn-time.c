/*
 * spawn-time COMMANDS ROUNDS PAUSE COPIES ORDERED: runs each command of a file once per round, in turn, and times it.
 *
 * COMMANDS has a paragraph per command: a line with the file for its standard input, then a line per argument;
 * {} in an argument becomes the number of the copy. If the file for standard input is "plan:FILE", the command is
 * a keeper: it gets /dev/null as 3 and an empty file as 4. PAUSE are milliseconds before each command; COPIES run
 * at the same time, and the time is that of all of them.
 *
 * Prints a line per measurement: command, nanoseconds of wall time, microseconds in user and in system mode
 * (with the processes it waited for), exit status (the highest of the copies; 256 + signal).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 64, ARGUMENTS = 32, COPIES = 256 };

struct command {
	char *input;
	char *argv[ARGUMENTS + 1];
};
extern char **environ;

static void die(const char *what)
{
	fprintf(stderr, "spawn-time: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int read_commands(const char *path, struct command *commands)
{
	FILE *file = fopen(path, "re");
	if (!file)
		die(path);
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int count = 0, arguments = -1;
	while ((length = getline(&line, &room, file)) > 0) {
		line[length - 1] = 0;
		if (!*line) {
			arguments = -1;
			continue;
		}
		if (arguments < 0) {
			if (count == COMMANDS)
				die("too many commands");
			commands[count++].input = strdup(line);
		} else if (arguments < ARGUMENTS) {
			commands[count - 1].argv[arguments] = strdup(line);
		}
		arguments++;
	}
	fclose(file);
	return count;
}

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static pid_t start(const struct command *command, int copy)
{
	char *argv[ARGUMENTS + 1] = {0}, number[16];
	for (int i = 0; command->argv[i]; i++) {
		char *mark = strstr(command->argv[i], "{}");
		argv[i] = command->argv[i];
		snprintf(number, sizeof number, "%d", copy);
		if (mark && asprintf(&argv[i], "%.*s%s%s", (int)(mark - argv[i]), command->argv[i], number, mark + 2) < 0)
			die("asprintf");
	}
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	int keeps = !strncmp(command->input, "plan:", 5);
	posix_spawn_file_actions_addopen(&actions, 0, command->input + (keeps ? 5 : 0), O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (keeps) {
		posix_spawn_file_actions_addopen(&actions, 3, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 4, "/tmp", O_TMPFILE | O_RDWR, 0600);
	}
	pid_t pid;
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno)
		die(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static long microseconds(struct timeval t) { return t.tv_sec * 1000000l + t.tv_usec; }

static void measure(const struct command *command, int index, int copies)
{
	pid_t pids[COPIES];
	long user = 0, system = 0;
	int worst = 0;
	long long begin = now();
	for (int copy = 0; copy < copies; copy++)
		pids[copy] = start(command, copy);
	for (int copy = 0; copy < copies; copy++) {
		struct rusage usage;
		int status;
		while (wait4(pids[copy], &status, 0, &usage) < 0)
			if (errno != EINTR)
				die("wait4");
		int code = WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
		worst = code > worst ? code : worst;
		user += microseconds(usage.ru_utime);
		system += microseconds(usage.ru_stime);
	}
	printf("%d %lld %ld %ld %d\n", index, now() - begin, user, system, worst);
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS];
	if (argc != 6) {
		fputs("usage: spawn-time COMMANDS ROUNDS PAUSE COPIES ORDERED\n", stderr);
		return 2;
	}
	int count = read_commands(argv[1], commands), rounds = atoi(argv[2]), copies = atoi(argv[4]);
	struct timespec pause = {.tv_sec = atoi(argv[3]) / 1000, .tv_nsec = atoi(argv[3]) % 1000 * 1000000l};
	if (copies < 1 || copies > COPIES)
		return 2;
	int ordered = atoi(argv[5]);
	/* Each begins as often as any other, so that none always follows the same one; unless they belong together. */
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			if (argv[3][0] != '0')
				nanosleep(&pause, NULL);
			int turn = ordered ? i : (round + i) % count;
			measure(&commands[turn], turn, copies);
		}
	return 0;
}
