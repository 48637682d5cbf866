// Who waits for a container's terminal (runc's --console-socket).

/**
 * A program: SOCKET [link]. It listens at a unix socket, receives one descriptor, prints the name that came with it in
 * brackets, and passes on what can be read from it; with `link` it says what the descriptor is, and ends.
 */
export const descriptorReceiver = `
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcat(strcpy(address.sun_path, argv[1]), ".new");
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) return 1;
  rename(address.sun_path, argv[1]); /* Who sees it is heard. */
  int peer = accept(listener, 0, 0);
  char name[4096] = {0}, control[256], text[4096];
  struct iovec iov = {name, sizeof name - 1};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(peer, &message, 0) <= 0) return 2;
  int fd = *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
  printf("[%s]", name);
  fflush(stdout);
  if (argc > 2) { char link[64], target[256] = {0}; sprintf(link, "/proc/self/fd/%d", fd); readlink(link, target, 255); printf("%s", target); return 0; }
  for (int n; (n = read(fd, text, sizeof text)) > 0;) { fwrite(text, 1, n, stdout); fflush(stdout); }
  return 0;
}`;
