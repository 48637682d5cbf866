/* subreaper COMMAND…: runs COMMAND as a session manager would: what it leaves behind becomes a child of this
 * process, as orphans become children of pid 1. Zombies are reaped at once. When COMMAND has ended, what is
 * still alive after a grace time is named, killed, and makes the exit status 99. SIGTERM ends COMMAND at once. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEFT_BEHIND = 99, GRACE_MILLISECONDS = 3000 };

static pid_t child;

static void stop(int signal) {
  (void)signal;
  kill(child, SIGKILL);
}

static void name_children(void) {
  DIR *proc = opendir("/proc");
  struct dirent *entry;
  while (proc && (entry = readdir(proc))) {
    char path[64], text[512];
    int parent = 0;
    char state = 0;
    if (!isdigit(entry->d_name[0])) continue;
    snprintf(path, sizeof path, "/proc/%.16s/stat", entry->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    if (fgets(text, sizeof text, file)) sscanf(strrchr(text, ')') + 1, " %c %d", &state, &parent);
    fclose(file);
    if (parent != getpid() || state == 'Z') continue;
    snprintf(path, sizeof path, "/proc/%.16s/cmdline", entry->d_name);
    file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    for (size_t i = 0; i < length; i++)
      if (!text[i]) text[i] = ' ';
    text[length] = 0;
    fprintf(stderr, "left behind: process %s: %s\n", entry->d_name, text);
    kill(atoi(entry->d_name), SIGKILL);
  }
  if (proc) closedir(proc);
}

int main(int count, char **arguments) {
  if (count < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1)) return 98;
  pid_t ended;
  child = fork();
  if (child < 0) return 98;
  if (child == 0) {
    execvp(arguments[1], arguments + 1);
    perror(arguments[1]);
    _exit(127);
  }
  signal(SIGTERM, stop);
  signal(SIGINT, SIG_IGN);
  int status = 0, result = 0;
  do {
    ended = waitpid(-1, &status, 0);
    if (ended == child) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  } while (ended != child && (ended > 0 || errno == EINTR));

  struct timespec pause = {0, 10 * 1000 * 1000};
  for (int waited = 0; waited < GRACE_MILLISECONDS; waited += 10) {
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) continue;
    if (ended < 0) return result;
    nanosleep(&pause, NULL);
  }
  /* The children of what is killed become children here in their turn. */
  do name_children();
  while (nanosleep(&pause, NULL), waitpid(-1, &status, 0) > 0);
  return LEFT_BEHIND;
}
