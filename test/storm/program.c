// program FOLDER OWNER: prints counted lines to both outputs, and writes down in FOLDER/<host name>.<run>, outside of the
// container, how many it has written and with which status it means to end, so that nothing can be lost unnoticed.
//   a line: \001 run " " number " " length of the filling " " filling ".\n"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct account {
  uint64_t lines[2], bytes[2];
  uint64_t status; /* plus one; 0: it did not end by itself */
};

static volatile sig_atomic_t asked;
static uint64_t state;

static void ask(int signal) { asked = signal; }

static uint32_t below(uint32_t n) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 16) % n;
}

int main(int count, char **words) {
  static char line[40000];
  char host[65] = "", path[400];
  struct timespec now;
  if (count != 3) return 99;
  clock_gettime(CLOCK_REALTIME, &now);
  getentropy(&state, sizeof state);
  state |= 1;
  gethostname(host, 64);
  uint64_t run = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = ask}, 0);
  snprintf(path, sizeof path, "%s/%.64s.%016lx", words[1], host, run);
  int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0666);
  if (file < 0 || ftruncate(file, sizeof(struct account)) < 0) return 98;
  struct account *account = mmap(0, sizeof *account, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (account == MAP_FAILED) return 97;
  uint32_t rest = below(20) ? 100000 : 1 + below(60);
  while (!asked && rest--) {
    for (uint32_t n = 1 + below(3); n; n--) {
      int output = below(4) == 0;
      uint32_t filling = below(60) ? below(200) : below(30000);
      int length = snprintf(line, sizeof line, "\001%016lx %lu %u ", run, account->lines[output] + 1, filling);
      memset(line + length, 'x', filling);
      memcpy(line + length + filling, ".\n", 2);
      length += filling + 2;
      for (int done = 0; done < length;) {
        long n = write(1 + output, line + done, length - done);
        if (n > 0) done += n;
      }
      account->bytes[output] += length;
      account->lines[output] += 1;
    }
    usleep(below(20000));
  }
  int status = 1 + (int)below(120);
  account->status = 1 + status;
  _exit(status);
}
